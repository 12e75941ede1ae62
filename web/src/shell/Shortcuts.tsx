import { Kbd } from "@mantine/core";
import { t, type PlainKey } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import classes from "./shortcuts.module.css";

const GROUPS: readonly {
  readonly label: PlainKey;
  readonly keys: readonly (readonly [string, PlainKey])[];
}[] = [
  {
    label: "shortcuts.anywhere",
    keys: [
      ["Ctrl K", "shortcuts.palette"],
      ["?", "shortcuts.help"],
      ["g t", "shortcuts.goToday"],
      ["g i", "shortcuts.goItems"],
      ["g s", "shortcuts.goStock"],
      ["g m", "shortcuts.goMovements"],
      ["g l", "shortcuts.goLocations"],
    ],
  },
  {
    label: "shortcuts.lists",
    keys: [
      ["/", "shortcuts.filter"],
      ["↑ ↓", "shortcuts.move"],
      ["Enter", "shortcuts.open"],
      ["Space", "shortcuts.select"],
      ["Esc", "shortcuts.leave"],
    ],
  },
  { label: "shortcuts.forms", keys: [["Ctrl Enter", "shortcuts.save"]] },
];

export default function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog onClose={onClose} title={t("shortcuts.title")}>
      {GROUPS.map((group) => (
        <section key={group.label} className={classes.group}>
          <h3>{t(group.label)}</h3>
          <dl>
            {group.keys.map(([keys, label]) => (
              <div key={keys}>
                <dt>{t(label)}</dt>
                <dd>
                  {keys.split(" ").map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
