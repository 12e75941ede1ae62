import { Button, CloseButton, Select } from "@mantine/core";
import { t, tDynamic } from "@/i18n";
import { DateBox } from "@/ui/DateBox";
import { useIsPhone } from "@/ui/useIsPhone";
import { allOf, changed, countOf, isOfPeople, type AuditFilter } from "./filter";
import classes from "./audit.module.css";

interface Props {
  readonly filter: AuditFilter;
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  readonly onFilter: (filter: AuditFilter) => void;
}

/** Who, what and when, beside the list; folded away on a phone. */
export function AuditFilters(props: Props) {
  const isPhone = useIsPhone();
  const count = countOf(props.filter);
  if (isPhone)
    return (
      <details className={classes.fold}>
        <summary>
          {count > 0 ? t("audit.filter.count", { count }) : t("audit.filter.title")}
        </summary>
        <Fields {...props} />
      </details>
    );
  return (
    <div className={classes.side} role="search" aria-label={t("audit.filter.title")}>
      <Fields {...props} />
    </div>
  );
}

function Fields({ filter, people, groups, kinds, onFilter }: Props) {
  const set = (name: keyof AuditFilter, value: string | null | undefined) =>
    onFilter(changed(filter, name, value));
  const known = groups.map((value) => ({ value, label: tDynamic(`audit.group.${value}`, value) }));
  const { action, actor, kind, outcome } = filter;
  return (
    <div className={classes.fields}>
      <Select
        label={t("audit.filter.actor")}
        placeholder={t("audit.filter.anybody")}
        data={[
          ...people.map(({ id, name }) => ({ value: id, label: name })),
          ...(actor && !people.some((one) => one.id === actor)
            ? [{ value: actor, label: actor.slice(0, 13) }]
            : []),
        ]}
        value={actor ?? null}
        onChange={(value) => set("actor", value)}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("ui.clear") }}
        nothingFoundMessage={t("ui.nothingFound")}
      />
      <Select
        label={t("audit.filter.what")}
        placeholder={t("audit.filter.anything")}
        data={[
          ...known,
          ...(action && !groups.includes(action) ? [{ value: action, label: action }] : []),
        ]}
        value={action ?? null}
        onChange={(value) => set("action", value)}
        clearable
        clearButtonProps={{ "aria-label": t("ui.clear") }}
      />
      {kinds.length > 0 && (
        <Select
          label={t("audit.filter.kind")}
          placeholder={t("audit.filter.anything")}
          data={[
            ...kinds.map((value) => ({ value, label: tDynamic(`audit.about.${value}`, value) })),
            ...(kind && !kinds.includes(kind) ? [{ value: kind, label: kind }] : []),
          ]}
          value={kind ?? null}
          onChange={(value) => set("kind", value)}
          clearable
          clearButtonProps={{ "aria-label": t("ui.clear") }}
        />
      )}
      <Select
        label={t("audit.filter.outcome")}
        placeholder={t("audit.filter.either")}
        data={[
          { value: "ok", label: t("audit.outcome.ok") },
          { value: "refused", label: t("audit.outcome.refused") },
        ]}
        value={outcome ?? null}
        onChange={(value) => set("outcome", value)}
        clearable
        clearButtonProps={{ "aria-label": t("ui.clear") }}
      />
      <DateBox
        label={t("audit.filter.from")}
        value={filter.from}
        onChange={(from) => set("from", from)}
      />
      <DateBox
        label={t("audit.filter.to")}
        value={filter.to}
        onChange={(to) => set("to", to)}
        isEnd
      />
      {filter.object && (
        <div className={classes.object}>
          <span>
            {t("audit.filter.object")} <span className="hf-mono">{filter.object.slice(0, 13)}</span>
          </span>
          <CloseButton
            size="sm"
            aria-label={t("ui.clear")}
            onClick={() => set("object", undefined)}
          />
        </div>
      )}
      {countOf(filter) > 0 && (
        <Button size="xs" variant="default" onClick={() => onFilter(allOf(isOfPeople(filter)))}>
          {t("audit.filter.clear")}
        </Button>
      )}
    </div>
  );
}
