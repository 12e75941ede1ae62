export const doctor = {
  "nav.doctor": "Doctor",
  "doctor.title": "Doctor",
  "doctor.lead": "What is wrong with the box, and the command that mends it.",
  "doctor.tally": "{failed} failed, {warning} warnings, {hint} hints, {ok} well",
  "doctor.checked": "Looked at {at}.",
  "doctor.again": "Look again",
  "doctor.bundle": "Download support bundle",
  "doctor.bundleHelp":
    "For somebody who helps: what is found, settings, versions, sizes, counters and the newest " +
    "log lines. There are no secrets in it, no names and nothing that people wrote.",
  "doctor.found": "What is found",
  "doctor.rest": "What is well",
  "doctor.skipped": "What could not be looked at",
  "doctor.well": "Nothing is wrong",
  "doctor.wellText": "Look again when something does not work as it should.",
  "doctor.effect": "What follows:",
  "doctor.fix": "What mends it",
  "doctor.manual": "In the manual",
  "doctor.mend": "Fix",
  "doctor.mendTitle": "Mend this?",
  "doctor.mendBody": "The box mends this by itself: {title}.",
  "doctor.mendSafe":
    "Only modes, left-over files and logs are touched, nothing of what the box keeps. What is " +
    "done is written into the audit log.",
  "doctor.mended": "Done: {count}",
  "doctor.nothingMended": "There was nothing left to mend.",
  "doctor.status.failed": "failed",
  "doctor.status.warning": "warning",
  "doctor.status.hint": "hint",
  "doctor.status.skipped": "skipped",
  "doctor.status.ok": "well",
  "doctor.forbidden": "Only operators may look after the box.",
} as const;
