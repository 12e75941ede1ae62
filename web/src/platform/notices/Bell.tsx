import { ActionIcon, Popover } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconBell } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { t } from "@/i18n";
import { SkeletonLines } from "@/ui/Skeleton";
import { newestQuery } from "./queries";
import classes from "./notices.module.css";

const BellPanel = lazy(() => import("./BellPanel"));
const SHOWN_MAX = 99;

/** What concerns this person, counted; a look at the newest without leaving the screen. */
export function Bell() {
  const [isOpen, setOpen] = useState(false);
  const newest = useQuery(newestQuery);
  const unread = newest.data?.unread ?? 0;
  const label = unread > 0 ? t("bell.unread", { count: unread }) : t("bell.title");
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-end"
      width="min(400px, calc(100vw - 20px))"
      trapFocus
      withinPortal
    >
      <Popover.Target>
        <ActionIcon
          aria-label={label}
          title={label}
          className={classes.bell}
          onClick={() => setOpen(!isOpen)}
        >
          <IconBell size={19} stroke={1.6} aria-hidden />
          {unread > 0 && (
            <span className={classes.count} aria-hidden>
              {unread > SHOWN_MAX ? `${SHOWN_MAX}+` : unread}
            </span>
          )}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className={classes.panel} aria-label={t("bell.title")}>
        <Suspense fallback={<SkeletonLines count={3} />}>
          <BellPanel onClose={() => setOpen(false)} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
