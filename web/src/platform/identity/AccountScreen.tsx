import { Button } from "@mantine/core";
import { t } from "@/i18n";
import { Page } from "@/ui/Page";
import { toastFailed } from "@/ui/toast";
import { FactorsSection } from "./factors/FactorsSection";
import { NoticeSettingsSection } from "../notices/NoticeSettingsSection";
import { HeldSection } from "../privacy/HeldSection";
import { AboutSection } from "./AboutSection";
import { AppearanceSection } from "./AppearanceSection";
import { PasswordSection } from "./PasswordSection";
import { signOut } from "./queries";
import { SessionsSection } from "./SessionsSection";
import { TokensSection } from "./TokensSection";

/** What belongs to the person alone: who they are, how it looks, and what may act as them. */
export function AccountScreen() {
  return (
    <Page
      title={t("account.title")}
      tabTitle={t("account.title")}
      layout="form"
      actions={
        <Button variant="default" onClick={() => void signOut().catch(toastFailed)}>
          {t("account.signOut")}
        </Button>
      }
    >
      <AboutSection />
      <AppearanceSection />
      <NoticeSettingsSection />
      <PasswordSection />
      <FactorsSection />
      <SessionsSection />
      <TokensSection />
      <HeldSection />
    </Page>
  );
}
