import { Fragment } from "react";
import { IconCheck } from "@tabler/icons-react";
import type { Permission, Role } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { nameOf } from "./roles";
import classes from "./roles.module.css";

interface Props {
  readonly roles: readonly Role[];
  readonly permissions: readonly Permission[];
}

/** Who may what: a row for each permission, a column for each role. */
export function RoleTable({ roles, permissions }: Props) {
  const areas = [...new Set(permissions.map((one) => one.area))];
  return (
    <div className={classes.scroll} role="group" aria-label={t("roles.table")} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t("roles.permission")}</th>
            {roles.map((role) => (
              <th key={role.id} scope="col">
                <bdi className={classes.name} title={nameOf(role)}>
                  {nameOf(role)}
                </bdi>
                <span className={classes.count}>{t("roles.members", { count: role.members })}</span>
              </th>
            ))}
          </tr>
        </thead>
        {areas.map((area) => (
          <tbody key={area}>
            <tr className={classes.area}>
              <th scope="rowgroup" colSpan={roles.length + 1}>
                <span>{tDynamic(`roles.area.${area}`, area)}</span>
              </th>
            </tr>
            {permissions
              .filter((one) => one.area === area)
              .map((one) => (
                <tr key={one.id}>
                  <th scope="row">{permissionName(one)}</th>
                  {roles.map((role) => (
                    <Fragment key={role.id}>{cell(role.permissions.includes(one.id))}</Fragment>
                  ))}
                </tr>
              ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function cell(may: boolean) {
  return may ? (
    <td>
      <IconCheck size={16} role="img" aria-label={t("roles.may")} />
    </td>
  ) : (
    <td>
      <span className={classes.not} role="img" aria-label={t("roles.mayNot")} />
    </td>
  );
}

/** What a permission lets people do, in the reader's language where it is known. */
export function permissionName(permission: Permission): string {
  return tDynamic(`permission.${permission.id}`, permission.title);
}
