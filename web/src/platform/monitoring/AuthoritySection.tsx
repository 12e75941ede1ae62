import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Box, Tls, TlsAuthority, TlsName } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { ProgressBar } from "../jobs/ProgressBar";
import { jobQuery } from "../jobs/queries";
import { boxQuery, healthQuery, renewCertificate, TLS_KEY, tlsQuery } from "./queries";

/** What has to stand in the settings before anything is asked of the authority. */
const AGREEMENT = "[tls]\nacme_terms_agreed = true";
const TONES = { public: "good", refused: "danger", waiting: "caution" } as const;

/** Where a public authority signs: how each name stands, and what is wrong. */
export function AuthoritySection({ box }: { readonly box: Box }) {
  const client = useQueryClient();
  const tls = useQuery(tlsQuery);
  const isNews = tls.data !== undefined && isOlder(box, tls.data);
  // What else the screen says of the certificate is read anew, until it says the same.
  useEffect(() => {
    if (!isNews) return;
    void client.invalidateQueries({ queryKey: boxQuery.queryKey });
    void client.invalidateQueries({ queryKey: healthQuery.queryKey });
  }, [client, isNews, tls.dataUpdatedAt]);
  if (tls.data && !tls.data.authority) return null;
  return (
    <Section title={t("tls.title")}>
      <Loaded query={tls} lines={4}>
        {(one) => one.authority && <Standing tls={one} authority={one.authority} />}
      </Loaded>
    </Section>
  );
}

/** Whether the box told of another certificate, or of trouble that is over. */
function isOlder({ certificate }: Box, now: Tls): boolean {
  const said = ({ fingerprint, trouble }: Pick<Tls, "fingerprint" | "trouble">) =>
    `${fingerprint ?? ""} ${trouble ?? ""}`;
  return said(certificate) !== said(now);
}

function Standing({ tls, authority }: { readonly tls: Tls; readonly authority: TlsAuthority }) {
  return (
    <div className="hf-stack">
      {authority.terms_url && !authority.terms_agreed ? (
        <Terms url={authority.terms_url} />
      ) : (
        authority.last_error && (
          <Notice tone="danger" title={t("tls.failed")}>
            <span lang="en">{authority.last_error}</span>
          </Notice>
        )
      )}
      <RowList label={t("tls.names")}>
        {tls.names.map((name) => (
          <Name key={name.name} name={name} />
        ))}
      </RowList>
      <Times authority={authority} />
      <Renewal />
    </div>
  );
}

function Terms({ url }: { readonly url: string }) {
  return (
    <Notice tone="caution" title={t("tls.terms")}>
      <p className="hf-text">{t("tls.termsLead")}</p>
      <p>
        <a href={url} target="_blank" rel="noreferrer">
          {url}
        </a>
      </p>
      <pre className="hf-mono" translate="no">
        {AGREEMENT}
      </pre>
    </Notice>
  );
}

function Name({ name }: { readonly name: TlsName }) {
  const tone = name.state in TONES ? TONES[name.state as keyof typeof TONES] : "plain";
  return (
    <RowEntry
      title={name.name}
      tags={<Tag tone={tone}>{tDynamic(`tls.state.${name.state}`, name.state)}</Tag>}
      line={name.detail ?? ""}
    />
  );
}

function Times({ authority }: { readonly authority: TlsAuthority }) {
  const format = useFormat();
  const time = (label: string, at: string | null | undefined) =>
    at ? { label, value: format.dateTime(at) } : null;
  return (
    <Facts
      facts={[
        { label: t("tls.authority"), value: <span translate="no">{authority.directory}</span> },
        authority.issuer
          ? { label: t("tls.issuer"), value: <span translate="no">{authority.issuer}</span> }
          : null,
        authority.account
          ? { label: t("tls.account"), value: <span translate="no">{authority.account}</span> }
          : null,
        time(t("tls.obtained"), authority.obtained_at),
        time(t("tls.renewal"), authority.renewal_at),
        time(t("tls.tried"), authority.last_attempt_at),
        time(t("tls.next"), authority.next_attempt_at),
      ]}
    />
  );
}

/** Asks for a new certificate now, and says how far that is. */
function Renewal() {
  const client = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const job = useQuery({ ...jobQuery(null, id ?? ""), enabled: id !== null });
  const isRunning = job.data?.state === "running";
  const renew = async () => {
    setSending(true);
    setError(null);
    try {
      setId((await renewCertificate()).id);
      await client.invalidateQueries({ queryKey: TLS_KEY });
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <div className="hf-stack" aria-live="polite">
      {job.data && isRunning && <ProgressBar job={job.data} label={t("tls.renewing")} />}
      {job.data?.state === "done" && <p className="hf-text">{t("tls.renewed")}</p>}
      {error !== null && <ProblemAlert error={error} />}
      <div>
        <Button variant="default" loading={isSending || isRunning} onClick={() => void renew()}>
          {t("tls.renew")}
        </Button>{" "}
        <a href="/help/certificates">{t("tls.help")}</a>
      </div>
    </div>
  );
}
