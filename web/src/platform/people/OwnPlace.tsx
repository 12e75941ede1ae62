import { Button } from "@mantine/core";
import { useState } from "react";
import { t } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Section } from "@/ui/Page";
import { Tag } from "@/ui/Tag";
import { useMe } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { LeaveDialog } from "./LeaveDialog";
import { Person } from "./Person";
import { Role } from "./Role";

/** What somebody sees among people who may not see the others: themselves, and the way out. */
export function OwnPlace() {
  const me = useMe();
  const workspace = useWorkspace();
  const [isLeaving, setLeaving] = useState(false);
  return (
    <Section title={t("people.members")}>
      <div className="hf-stack">
        <Person id={me.id} name={me.name} email={me.email} tags={<Tag>{t("people.you")}</Tag>} />
        <Facts facts={[{ label: t("people.role"), value: <Role of={workspace} /> }]} />
        <p className="hf-small">{t("people.onlyYou")}</p>
        <div>
          <Button variant="default" onClick={() => setLeaving(true)}>
            {t("people.leave")}
          </Button>
        </div>
      </div>
      {isLeaving && <LeaveDialog workspace={workspace} onClose={() => setLeaving(false)} />}
    </Section>
  );
}
