import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconArchive, IconFileAlert, IconFlask } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { Banner } from "@/ui/Banner";
import { LinkButton } from "@/ui/LinkButton";
import { toastDone, toastFailed } from "@/ui/toast";
import { useMe } from "../identity/queries";
import { refreshWorkspaces, restoreWorkspace } from "./queries";

const WipeDialog = lazy(async () => ({ default: (await import("./DangerSection")).WipeDialog }));

/** Stands above every screen of a workspace that is not quite an ordinary one. */
export function WorkspaceBanner({ workspace }: { readonly workspace: MyWorkspace }) {
  if (workspace.damaged_at) return <Damaged workspace={workspace} />;
  if (workspace.state === "archived") return <Archived workspace={workspace} />;
  return workspace.is_sample ? <Sample workspace={workspace} /> : null;
}

function Damaged({ workspace }: { readonly workspace: MyWorkspace }) {
  const me = useMe();
  return (
    <Banner
      icon={IconFileAlert}
      tone="caution"
      label={t("workspace.tag.damaged")}
      text={t(me.is_operator ? "banner.damaged" : "banner.damagedAsk")}
    >
      {me.is_operator && (
        <LinkButton size="compact-sm" to="/box/backups" search={{ restore: workspace.id }}>
          {t("banner.restore")}
        </LinkButton>
      )}
    </Banner>
  );
}

function Archived({ workspace }: { readonly workspace: MyWorkspace }) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const restore = async () => {
    setSending(true);
    try {
      await restoreWorkspace(workspace.id);
      await refreshWorkspaces(client);
      toastDone(t("workspaces.restored", { name: workspace.name }));
    } catch (cause) {
      toastFailed(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <Banner
      icon={IconArchive}
      tone="caution"
      label={t("workspace.tag.archived")}
      text={t("banner.archived")}
    >
      {workspace.permissions.includes("workspace.settings") && (
        <Button
          size="compact-sm"
          variant="default"
          loading={isSending}
          onClick={() => void restore()}
        >
          {t("banner.unarchive")}
        </Button>
      )}
    </Banner>
  );
}

function Sample({ workspace }: { readonly workspace: MyWorkspace }) {
  const [asks, setAsks] = useState(false);
  return (
    <Banner
      icon={IconFlask}
      tone="info"
      label={t("workspace.tag.sample")}
      text={t("banner.sample")}
    >
      {workspace.permissions.includes("workspace.delete") && (
        <Button size="compact-sm" variant="default" onClick={() => setAsks(true)}>
          {t("workspace.wipe")}
        </Button>
      )}
      {asks && (
        <Suspense fallback={null}>
          <WipeDialog
            opened
            id={workspace.id}
            name={workspace.name}
            onClose={() => setAsks(false)}
          />
        </Suspense>
      )}
    </Banner>
  );
}
