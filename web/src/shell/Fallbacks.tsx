import { IconCompassOff, IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect } from "react";
import { t } from "@/i18n";
import { LinkButton } from "@/ui/LinkButton";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { StateBlock } from "@/ui/StateBlock";

export function NotFound() {
  useEffect(() => {
    document.title = `${t("nav.notFound")} · Holdfast`;
  }, []);
  return (
    <main>
      <StateBlock isPage icon={IconCompassOff} title={t("nav.notFound")}>
        <LinkButton to="/">{t("nav.home")}</LinkButton>
      </StateBlock>
    </main>
  );
}

/** The page could not start at all. */
export function BootFailed({ error }: { readonly error: unknown }) {
  return (
    <main>
      <StateBlock isPage icon={IconPlugConnectedX} title={t("boot.failed")}>
        <ProblemAlert error={error} onRetry={() => window.location.reload()} />
      </StateBlock>
    </main>
  );
}
