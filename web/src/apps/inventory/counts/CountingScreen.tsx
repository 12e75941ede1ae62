import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconCircleCheck, IconMapPin } from "@tabler/icons-react";
import { useState } from "react";
import type { Count, CountLine, Item, Location } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { LinkButton } from "@/ui/LinkButton";
import { Notice } from "@/ui/Notice";
import { Page, RefusedPage } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { ItemPicker } from "../items/ItemPicker";
import { LocationPicker } from "../locations/LocationPicker";
import { COUNT } from "../permissions";
import classes from "./counts.module.css";
import { EntryPad, type Counted } from "./EntryPad";
import { LineList } from "./LineList";
import { nextLine, placesOf } from "./pad";
import { countQuery } from "./queries";
import { useAllLines } from "./useAllLines";

/** Counting with a thumb: choose the place, then one item after the other. */
export function CountingScreen() {
  const workspace = useWorkspace();
  const { count: id } = useParams({ from: "/frame/w/$workspace/inventory/counts/$count/enter" });
  const count = useQuery({ ...countQuery(workspace.id, id), refetchOnMount: "always" });
  const lines = useAllLines(id, count.data);
  if (!workspace.can(COUNT)) return <RefusedPage title={t("counts.counting")} />;
  return (
    <Page
      title={count.data?.name ?? t("counts.counting")}
      tabTitle={t("counts.counting")}
      layout="form"
      // What the box said some time ago is not what a counter knows now.
      isLoading={!count.isFetchedAfterMount || lines.isPending}
      // Whoever counts goes on with the lines there are when all of them could not be read again.
      error={count.error ?? (lines.data ? null : lines.error)}
      onRetry={() => void Promise.all([count.refetch(), lines.refetch()])}
      actions={
        <LinkButton
          variant="default"
          to="/w/$workspace/inventory/counts/$count"
          params={{ workspace: workspace.id, count: id }}
        >
          {t("counts.toReview")}
        </LinkButton>
      }
    >
      {count.data && lines.data && <Counting count={count.data} lines={lines.data.lines} />}
    </Page>
  );
}

function Counting({
  count,
  lines,
}: {
  readonly count: Count;
  readonly lines: readonly CountLine[];
}) {
  const search = useSearch({ from: "/frame/w/$workspace/inventory/counts/$count/enter" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/counts/$count/enter" });
  const here = search.place ? lines.filter((line) => line.location_id === search.place) : [];
  const go = (place: string | undefined, line?: string) =>
    void navigate({
      search: { ...(place ? { place } : {}), ...(line ? { line } : {}) },
      replace: Boolean(search.place && place),
    });
  if (count.state !== "open") return <Notice tone="caution">{t("counts.wasClosed")}</Notice>;
  if (!search.place) return <Places lines={lines} onPick={go} />;
  return (
    <AtPlace
      key={search.place}
      count={count}
      place={search.place}
      lines={here}
      lineId={search.line ?? null}
      onLine={(line) => go(search.place, line)}
      onLeave={() => go(undefined)}
    />
  );
}

function Places({
  lines,
  onPick,
}: {
  readonly lines: readonly CountLine[];
  readonly onPick: (place: string) => void;
}) {
  const [other, setOther] = useState<Location | null>(null);
  return (
    <div className="hf-stack">
      <h2 className={classes.ask}>{t("counts.choosePlace")}</h2>
      <ul className={classes.places}>
        {placesOf(lines).map((place) => (
          <li key={place.id}>
            <button type="button" className={classes.place} onClick={() => onPick(place.id)}>
              {place.left === 0 ? (
                <IconCircleCheck size={20} aria-hidden />
              ) : (
                <IconMapPin size={20} aria-hidden />
              )}
              <bdi className={classes.placeName}>{place.name}</bdi>
              <span className="hf-dim">
                {t("counts.left", { count: place.left })}
                {" · "}
                {t("counts.done", { count: place.done })}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <LocationPicker
        label={t("counts.otherPlace")}
        location={other}
        onPick={(place) => {
          setOther(place);
          if (place) onPick(place.id);
        }}
      />
    </div>
  );
}

interface AtPlaceProps {
  readonly count: Count;
  readonly place: string;
  readonly lines: readonly CountLine[];
  readonly lineId: string | null;
  readonly onLine: (line: string | undefined) => void;
  readonly onLeave: () => void;
}

function AtPlace({ count, place, lines, lineId, onLine, onLeave }: AtPlaceProps) {
  const [stray, setStray] = useState<Item | null>(null);
  const chosen = lines.find((line) => line.id === lineId) ?? nextLine(lines, null);
  const ofStray = stray && lines.find((line) => line.item_id === stray.id);
  const what = stray && !ofStray ? countedItem(stray, place) : countedLine(ofStray ?? chosen);
  const goOn = () => {
    setStray(null);
    onLine(nextLine(lines, chosen?.id ?? null)?.id);
  };
  const pick = (line: CountLine) => {
    setStray(null);
    onLine(line.id);
  };
  return (
    <div className="hf-stack">
      {what ? (
        <EntryPad key={what.key} count={count} what={what} onDone={goOn} onSkip={goOn} />
      ) : (
        <StateBlock icon={IconCircleCheck} title={t("counts.allDone")} />
      )}
      <LineList lines={lines} current={what?.line?.id ?? null} onPick={pick} onLeave={onLeave} />
      <ItemPicker label={t("counts.elsewhere")} item={stray} onPick={setStray} />
    </div>
  );
}

function countedLine(line: CountLine | null | undefined): Counted | null {
  if (!line) return null;
  return {
    key: line.id,
    line,
    item: line.item_id,
    number: line.item_number,
    name: line.item_name,
    unit: line.unit,
    place: line.location_id,
  };
}

function countedItem(item: Item, place: string): Counted {
  const { id, item_number: number, name, unit } = item;
  return { key: id, line: null, item: id, number, name, unit, place };
}
