import { t } from "@/i18n";
import { roleName } from "@/platform/people/roles";
import { Initials } from "@/ui/values";
import type { People } from "./usePeople";
import classes from "./comments.module.css";

/** The people an @ offers, below the box. Touching one takes them without leaving the box. */
export function PeopleList({ id, people }: { readonly id: string; readonly people: People }) {
  if (!people.isOpen) return null;
  const { found, isSearching } = people;
  return (
    <div className={classes.people} aria-busy={isSearching}>
      {found.length === 0 && (
        <p className={classes.nobody} role="status">
          {t(isSearching ? "ui.searching" : "comments.nobody")}
        </p>
      )}
      {found.length > 0 && (
        <div role="listbox" id={`${id}-people`} aria-label={t("comments.people")}>
          {found.map((one, index) => (
            <div
              key={one.id}
              id={`${id}-${one.id}`}
              role="option"
              aria-selected={index === people.active}
              className={classes.person}
              onMouseDown={(event) => event.preventDefault()}
              onMouseMove={() => people.setActive(index)}
              onClick={() => people.take(one)}
            >
              <Initials name={one.name} seed={one.id} />
              <bdi className="hf-clip">{one.name}</bdi>
              <span className={classes.role}>
                {roleName({ role: one.role_name, role_name: one.role_name })}
              </span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
