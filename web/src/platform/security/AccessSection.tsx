import { useQuery } from "@tanstack/react-query";
import { IconDevices, IconKey, IconRobot, IconShieldLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MyFactors } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { LinkButton } from "@/ui/LinkButton";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { myFactorsQuery } from "../identity/factors/queries";
import { sessionsQuery, tokensQuery } from "../identity/queries";
import { servicesQuery } from "../identity/services/queries";

interface Props {
  /** Null stands for the box. */
  readonly workspace: string | null;
  readonly managesPrograms: boolean;
}

/** Every way in that one may look after, in a line each; what to do about it is a click away. */
export function AccessSection({ workspace, managesPrograms }: Props) {
  return (
    <Section
      title={t("security.access")}
      aside={
        <LinkButton to="/account" size="compact-sm" variant="default">
          {t("security.toAccount")}
        </LinkButton>
      }
    >
      <RowList label={t("security.access")}>
        <Factors />
        <Sessions />
        <Tokens />
        {managesPrograms && <Programs workspace={workspace} />}
      </RowList>
    </Section>
  );
}

function Factors() {
  const factors = useQuery(myFactorsQuery);
  return (
    <RowEntry
      symbol={<IconShieldLock size={20} stroke={1.6} aria-hidden />}
      title={t("security.factor")}
      tags={factors.data && <FactorTag factors={factors.data} />}
      line={orWait(factors, factorLine)}
    />
  );
}

function Sessions() {
  const sessions = useQuery(sessionsQuery);
  return (
    <RowEntry
      symbol={<IconDevices size={20} stroke={1.6} aria-hidden />}
      title={t("security.browsers")}
      line={orWait(sessions, ({ items }) => t("security.sessions", { count: items.length }))}
    />
  );
}

function Tokens() {
  const format = useFormat();
  const tokens = useQuery(tokensQuery);
  return (
    <RowEntry
      symbol={<IconKey size={20} stroke={1.6} aria-hidden />}
      title={t("security.ownTokens")}
      line={orWait(tokens, ({ items }) =>
        [
          t("security.tokens", { count: items.length }),
          lastUse(items, (at) => t("account.tokens.used", { when: format.when(at) })),
        ].join(""),
      )}
    />
  );
}

function Programs({ workspace }: { readonly workspace: string | null }) {
  const format = useFormat();
  const programs = useQuery(servicesQuery);
  return (
    <RowEntry
      symbol={<IconRobot size={20} stroke={1.6} aria-hidden />}
      title={t("service.title")}
      line={orWait(programs, (all) => {
        const here = all.filter((one) => workspace === null || one.workspace_id === workspace);
        return [
          t("security.programs", { count: here.length }),
          lastUse(here, (at) => t("account.tokens.used", { when: format.when(at) })),
        ].join("");
      })}
      actions={
        workspace === null ? (
          <LinkButton to="/box/programs" size="compact-sm" variant="default">
            {t("security.toPrograms")}
          </LinkButton>
        ) : (
          <LinkButton
            to="/w/$workspace/programs"
            params={{ workspace }}
            size="compact-sm"
            variant="default"
          >
            {t("security.toPrograms")}
          </LinkButton>
        )
      }
    />
  );
}

interface Read<T> {
  readonly data: T | undefined;
  readonly error: unknown;
}

function orWait<T>({ data, error }: Read<T>, line: (data: T) => string): ReactNode {
  if (data !== undefined) return line(data);
  return error ? t("security.unread") : <span aria-busy>…</span>;
}

/** When any of them was used last, after a dot; nothing when none was. */
function lastUse(
  all: readonly { readonly last_used_at?: string | null }[],
  say: (at: string) => string,
): string {
  const last = all
    .map((one) => one.last_used_at ?? "")
    .toSorted()
    .at(-1);
  return last ? ` · ${say(last)}` : "";
}

function FactorTag({ factors }: { readonly factors: MyFactors }) {
  if (factors.enrolled) return <Tag tone="good">{t("mfa.on")}</Tag>;
  return <Tag tone={factors.required ? "caution" : "plain"}>{t("security.off")}</Tag>;
}

function factorLine(factors: MyFactors): string {
  if (!factors.enrolled) return t("mfa.leadNone");
  return [
    factors.totp.enabled ? t("totp.name") : "",
    factors.passkeys.length > 0 ? t("security.passkeys", { count: factors.passkeys.length }) : "",
    t("security.backup", { count: factors.backup_codes_left }),
  ]
    .filter(Boolean)
    .join(" · ");
}
