import { IconCircleCheck, IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { t } from "@/i18n";
import { useStreamState } from "@/platform/live/LiveProvider";
import classes from "./frame.module.css";

const BACK_MS = 4_000;

/** Says when the box is out of reach, and when it is there again. */
export function ConnectionBanner() {
  const state = useStreamState();
  const wasDown = useRef(false);
  const [isBack, setBack] = useState(false);
  useEffect(() => {
    if (state === "down") {
      wasDown.current = true;
      setBack(false);
    } else if (state === "open" && wasDown.current) {
      wasDown.current = false;
      setBack(true);
      const timer = setTimeout(() => setBack(false), BACK_MS);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [state]);
  return (
    <div role="status" className={classes.bannerSlot}>
      {state === "down" ? (
        <div className={classes.banner} data-tone="caution">
          <IconPlugConnectedX size={17} aria-hidden />
          {t("live.down")}
        </div>
      ) : isBack ? (
        <div className={classes.banner} data-tone="good">
          <IconCircleCheck size={17} aria-hidden />
          {t("live.back")}
        </div>
      ) : null}
    </div>
  );
}
