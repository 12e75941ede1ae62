import { useRouterState } from "@tanstack/react-router";
import { IconShieldLock } from "@tabler/icons-react";
import type { Me } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Banner } from "@/ui/Banner";
import { LinkButton } from "@/ui/LinkButton";

/** Says in time that a second factor will be needed, and from when. */
export function MfaBanner({ mfa }: { readonly mfa: Me["mfa"] }) {
  const format = useFormat();
  const isThere = useRouterState({ select: (state) => state.location.pathname === "/account" });
  if (!mfa.required || mfa.enrolled || !mfa.enrol_by) return null;
  return (
    <Banner
      icon={IconShieldLock}
      tone="caution"
      label={t("mfa.banner.label")}
      text={t("mfa.banner", { date: format.dateTime(mfa.enrol_by) })}
    >
      {!isThere && (
        <LinkButton to="/account" hash="second-factor" size="compact-sm" variant="default">
          {t("mfa.setUp")}
        </LinkButton>
      )}
    </Banner>
  );
}
