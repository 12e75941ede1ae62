export const factors = {
  "stepUp.title": "Is it still you?",
  "stepUp.lead":
    "This needs a fresh proof, so that an unattended screen is no danger. It counts for ten minutes.",
  "stepUp.submit": "Go on",
} as const;
