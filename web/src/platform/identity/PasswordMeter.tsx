import { useQuery } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { api, ok } from "@/api/client";
import { t, tDynamic } from "@/i18n";
import { PASSWORD_LENGTH_MIN } from "./passwordRule";
import classes from "./auth.module.css";

const TYPING_MS = 250;

interface Props {
  readonly password: string;
  /** Words an attacker would try first: name, email, box. */
  readonly context: readonly string[];
}

/** The box's own judgement of a new password, while it is typed. */
export function PasswordMeter({ password, context }: Props) {
  const [settled] = useDebouncedValue(password, TYPING_MS);
  const { data } = useQuery({
    queryKey: ["password-strength", settled, context],
    enabled: settled.length >= PASSWORD_LENGTH_MIN,
    gcTime: 0,
    retry: false,
    queryFn: async () =>
      ok(
        api.POST("/api/v1/auth/password-strength", {
          body: { password: settled, context: [...context] },
        }),
      ),
  });
  const tooShort = password.length < PASSWORD_LENGTH_MIN;
  const score = tooShort ? 0 : (data?.score ?? 0);
  const tone = score >= 3 ? "good" : score === 2 ? "fair" : "weak";
  const left = PASSWORD_LENGTH_MIN - password.length;
  const text =
    password === ""
      ? t("password.rule")
      : tooShort
        ? t("password.left", { count: left })
        : data
          ? (data.detail ?? tDynamic(`password.score${data.score}`, ""))
          : "";
  return (
    <div className={classes.meter} aria-live="polite">
      {[1, 2, 3, 4].map((step) => (
        <span key={step} data-on={score >= step ? tone : undefined} />
      ))}
      <p className={classes.meterText}>{text}</p>
    </div>
  );
}
