import { Button } from "@mantine/core";
import type { UpdatesStatus } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Lamp } from "@/ui/Lamp";
import { Section } from "@/ui/Page";
import { canUpdate, protectionLamp } from "./rules";

interface Props {
  readonly status: UpdatesStatus;
  readonly onRollback: () => void;
}

/** The release that runs, how it gets new ones, and the way back. */
export function Current({ status, onRollback }: Props) {
  const format = useFormat();
  const { current, since, supervision, settings, feed } = status;
  const { fallback, protection } = supervision;
  const policy = t(`updates.policy.${policyOf(settings.policy)}`);
  const window = { window: settings.window ?? "", zone: settings.time_zone };
  const protectionText = protection && (
    <span title={supervision.protection_detail ?? undefined}>
      <Lamp
        state={protectionLamp(protection)}
        label={tDynamic(`updates.protection.${protection}`, protection)}
      />
    </span>
  );
  return (
    <Section title={t("updates.current")}>
      <Facts
        facts={[
          { label: t("updates.version"), value: current.version },
          {
            label: t("updates.since"),
            value: since ? format.dateTime(since) : t("updates.sinceStart"),
          },
          {
            label: t("updates.channel"),
            value: tDynamic(`updates.channel.${settings.channel}`, settings.channel),
          },
          { label: t("updates.feed"), value: feed.place ?? t("updates.feedNone") },
          feed.place
            ? {
                label: t("updates.checked"),
                value: feed.checked_at
                  ? format.dateTime(feed.checked_at)
                  : t("updates.neverChecked"),
              }
            : null,
          {
            label: t("updates.policy"),
            value:
              settings.window && settings.policy !== "manual"
                ? `${policy}, ${t("updates.window", window)}`
                : policy,
          },
          protectionText ? { label: t("updates.protection"), value: protectionText } : null,
          supervision.is_supervised
            ? { label: t("updates.wayBack"), value: fallback?.version ?? t("updates.wayBackNone") }
            : null,
          supervision.quarantine.length > 0
            ? {
                label: t("updates.quarantine"),
                value: supervision.quarantine.map((bad) => bad.version ?? bad.seq).join(", "),
              }
            : null,
        ]}
      />
      {canUpdate(status) && fallback && !status.under_way && (
        <Button mt={8} size="compact-sm" variant="default" onClick={onRollback}>
          {t("updates.goBack", { version: fallback.version })}
        </Button>
      )}
    </Section>
  );
}

function policyOf(policy: string): "manual" | "auto-patch" | "security-only" {
  return policy === "auto-patch" || policy === "security-only" ? policy : "manual";
}
