import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { t } from "@/i18n";
import { AuthFrame } from "./AuthFrame";
import { offerQuery } from "./registration/queries";
import { SignInForm } from "./SignInForm";
import classes from "./auth.module.css";

export function SignInScreen() {
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/sign-in" });
  const isOpen = useQuery(offerQuery).data === true;
  useEffect(() => {
    document.title = `${t("signin.title")} · Holdfast`;
  }, []);
  return (
    <AuthFrame>
      <h1 className={classes.title}>{t("signin.title")}</h1>
      <SignInForm
        lead={<p className={classes.lead}>{t("signin.lead")}</p>}
        foot={
          isOpen && (
            <p className={classes.after}>
              <Link to="/register">{t("register.offer")}</Link>
            </p>
          )
        }
        onDone={() => navigate({ to: safeNext(next), replace: true })}
      />
    </AuthFrame>
  );
}

/** Only a path of this page; never another host. */
function safeNext(next: string | undefined): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : "/";
}
