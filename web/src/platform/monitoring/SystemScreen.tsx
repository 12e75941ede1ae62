import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Box, Health } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Facts } from "@/ui/Facts";
import { Lamp, type LampState } from "@/ui/Lamp";
import { LinkButton } from "@/ui/LinkButton";
import { Notice } from "@/ui/Notice";
import { Page, Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { useMe } from "../identity/queries";
import { AuthoritySection } from "./AuthoritySection";
import { boxQuery, healthQuery } from "./queries";
import { Stability } from "./Stability";
import classes from "./system.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

export function SystemScreen() {
  const me = useMe();
  const health = useQuery(healthQuery);
  const box = useQuery({ ...boxQuery, enabled: me.is_operator });
  return (
    <Page
      title={t("system.title")}
      tabTitle={t("system.title")}
      subtitle={box.data?.name}
      actions={
        me.is_operator && (
          <LinkButton to="/system/audit" variant="default">
            {t("system.audit")}
          </LinkButton>
        )
      }
    >
      <Section
        title={t("system.lamps")}
        aside={
          <Button
            size="compact-sm"
            variant="default"
            loading={health.isFetching}
            onClick={() => void health.refetch()}
          >
            {t("system.again")}
          </Button>
        }
      >
        {health.error ? (
          <ProblemAlert error={health.error} onRetry={() => void health.refetch()} />
        ) : health.data ? (
          <Lamps health={health.data} />
        ) : (
          <SkeletonLines count={4} />
        )}
      </Section>
      {health.data?.stability && <Stability stability={health.data.stability} />}
      {box.error ? (
        <ProblemAlert error={box.error} onRetry={() => void box.refetch()} />
      ) : (
        box.data && <BoxSections box={box.data} />
      )}
    </Page>
  );
}

function stateOf(status: string): LampState {
  return status === "ok"
    ? "good"
    : status === "degraded" || status === "warning"
      ? "caution"
      : "danger";
}

function Lamps({ health }: { readonly health: Health }) {
  const format = useFormat();
  return (
    <>
      <p style={{ margin: "0 0 10px" }}>
        <Lamp
          state={stateOf(health.status)}
          label={tDynamic(`system.state.${health.status}`, health.status)}
        />
        <span className="hf-dim"> · {format.dateTime(health.timestamp)}</span>
      </p>
      <ul className={classes.lamps}>
        {Object.entries(health.checks ?? {}).map(([name, check]) => (
          <li key={name} className={classes.lamp}>
            <span className={classes.lampName}>{tDynamic(`system.check.${name}`, name)}</span>
            <Lamp
              state={stateOf(check.status)}
              label={tDynamic(`system.check.${check.status}`, check.status)}
            />
            <span className="hf-number hf-dim">{t("system.check.ms", { count: check.ms })}</span>
            {check.detail && (
              <span className={classes.detail} lang="en">
                {format.inText(check.detail)}
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function BoxSections({ box }: { readonly box: Box }) {
  const format = useFormat();
  return (
    <>
      <div className={classes.columns}>
        <Section title={t("system.box")}>
          <Facts
            facts={[
              { label: t("system.name"), value: box.name },
              { label: t("system.version"), value: <span className="hf-mono">{box.version}</span> },
              { label: t("system.started"), value: format.dateTime(box.started_at) },
              {
                label: t("system.address"),
                value: box.public_url ?? <span className="hf-dim">{t("system.noAddress")}</span>,
              },
              { label: t("system.database"), value: format.bytes(box.database_bytes) },
              { label: t("system.data"), value: format.bytes(box.data_dir_size_bytes) },
              { label: t("system.free"), value: format.bytes(box.data_dir_free_bytes) },
              { label: t("system.memory"), value: format.bytes(box.rss_bytes) },
            ]}
          />
        </Section>
        <CertificateSection box={box} />
        {box.certificate.kind === "acme" && <AuthoritySection box={box} />}
      </div>
      <Section title={t("system.config")}>
        <div className={classes.scroll} tabIndex={0}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{t("system.config.key")}</th>
                <th scope="col">{t("system.config.value")}</th>
                <th scope="col">{t("system.config.origin")}</th>
              </tr>
            </thead>
            <tbody translate="no">
              {box.config.map((entry) => (
                <tr key={entry.key}>
                  <td className="hf-mono">{entry.key}</td>
                  <td className="hf-mono">{settingText(entry.value)}</td>
                  <td className="hf-dim">{entry.origin}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

function CertificateSection({ box }: { readonly box: Box }) {
  const format = useFormat();
  const certificate = box.certificate;
  const trustUrl = trustAddress(box);
  return (
    <Section title={t("system.certificate")}>
      {certificate.trouble && (
        <Notice tone="danger">
          <span lang="en">{certificate.trouble}</span>
        </Notice>
      )}
      <Facts
        facts={[
          {
            label: t("system.certificate.kind"),
            value: tDynamic(`system.certificate.${certificate.kind}`, certificate.kind),
          },
          certificate.names.length > 0
            ? {
                label: t("system.certificate.names"),
                value: <span translate="no">{certificate.names.join(", ")}</span>,
              }
            : null,
          certificate.not_after
            ? {
                label: t("system.certificate.until"),
                value: format.dateTime(certificate.not_after),
              }
            : null,
          certificate.fingerprint
            ? {
                label: t("system.certificate.fingerprint"),
                value: <span className="hf-mono">{certificate.fingerprint}</span>,
              }
            : null,
        ]}
      />
      {box.root_fingerprint && (
        <div style={{ marginTop: 14, display: "grid", gap: 6 }}>
          <div className="hf-dim">{t("system.root")}</div>
          <CopyText text={box.root_fingerprint} label={t("system.root")} />
        </div>
      )}
      <div className={classes.trust}>
        <a href="/trust">{t("system.trust")}</a>
        <Suspense fallback={null}>
          <QrCode
            text={trustUrl}
            label={t("setup.box.qr", { url: trustUrl })}
            className={classes.qr}
          />
        </Suspense>
      </div>
    </Section>
  );
}

/** Settings are texts, numbers, lists or switches. */
function settingText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The page a new device opens first, at the address this browser uses for the box. */
function trustAddress(box: Box): string {
  return new URL("/trust", box.origin || window.location.origin).toString();
}
