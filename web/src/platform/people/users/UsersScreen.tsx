import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconUserPlus } from "@tabler/icons-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { FilterBar, SearchBox } from "@/ui/FilterChips";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { WithPanel } from "@/ui/SidePanel";
import type { TableHandle } from "@/ui/table";
import { OperatorsOnly } from "../../identity/OperatorsOnly";
import { useBoxEvents } from "../../live/useBoxEvents";
import { NewUserDialog } from "./NewUserDialog";
import { USERS, usersQuery } from "./queries";
import { UserPanel } from "./UserPanel";
import { UsersList } from "./UsersList";

export interface UsersSearch {
  readonly q?: string;
  readonly panel?: string;
}

const TOLD = [USERS];

/** Everybody with an account on the box; for operators. */
export function UsersScreen() {
  return (
    <OperatorsOnly title={t("users.title")} text={t("users.forbidden")}>
      <Users />
    </OperatorsOnly>
  );
}

function Users() {
  const { q, panel } = useSearch({ from: "/frame/box/users" });
  const navigate = useNavigate({ from: "/box/users" });
  const table = useRef<TableHandle>(null);
  const [isMaking, setMaking] = useState(false);
  const query = useInfiniteQuery(usersQuery(q ?? ""));
  useBoxEvents(TOLD);
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const change = useCallback(
    (next: UsersSearch) => void navigate({ search: next, replace: true }),
    [navigate],
  );
  const onSearch = useCallback((text: string) => change(text ? { q: text } : {}), [change]);
  const show = (user: UserDetails | null) =>
    change({ ...(q ? { q } : {}), ...(user ? { panel: user.id } : {}) });
  const shown = rows.find((one) => one.id === panel);
  return (
    <Page
      title={t("users.title")}
      tabTitle={t("users.title")}
      subtitle={t("users.lead")}
      layout="fill"
      actions={
        <>
          <LinkButton to="/box/erasures" variant="default">
            {t("privacy.erasures")}
          </LinkButton>
          <LinkButton to="/box/registration" variant="default">
            {t("registration.title")}
          </LinkButton>
          <Button
            leftSection={<IconUserPlus size={16} aria-hidden />}
            onClick={() => setMaking(true)}
          >
            {t("users.new")}
          </Button>
        </>
      }
    >
      <WithPanel
        panel={
          shown && (
            <UserPanel
              key={shown.id}
              user={shown}
              onClose={() => {
                show(null);
                table.current?.focus();
              }}
            />
          )
        }
      >
        <FilterBar
          search={
            <SearchBox
              value={q ?? ""}
              label={t("users.search")}
              onChange={onSearch}
              onDown={() => table.current?.focus()}
            />
          }
        />
        <UsersList
          ref={table}
          query={query}
          rows={rows}
          scope={q ?? ""}
          selected={shown?.id ?? null}
          onSelect={show}
          onClear={() => change({})}
        />
      </WithPanel>
      {isMaking && <NewUserDialog onClose={() => setMaking(false)} />}
    </Page>
  );
}
