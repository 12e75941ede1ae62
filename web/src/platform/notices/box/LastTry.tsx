import type { LastAttempt } from "@/api/types";
import { t } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { When } from "@/ui/values";
import classes from "./delivery.module.css";

/** How it ended when something was sent there last, in the other side's own words. */
export function LastTry({ last }: { readonly last: LastAttempt }) {
  return (
    <div className={classes.last}>
      <span className={classes.lastLine}>
        <Lamp
          state={last.ok ? "good" : "danger"}
          label={t(last.ok ? "delivery.lastGood" : "delivery.lastBad")}
        />
        <span className="hf-dim">
          <When at={last.at} />
        </span>
      </span>
      {last.detail && (
        <span className={classes.detail} lang="en" translate="no">
          {last.detail}
        </span>
      )}
    </div>
  );
}
