export const privacy = {
  "privacy.held": "What is held on you",
  "privacy.heldText":
    "Everything this box keeps about you, as a zip; no secrets and no words of other people.",
  "privacy.download": "Download",
  "privacy.export": "Export what is held",
  "privacy.exportTitle": "What is held on {name}",
  "privacy.exportText":
    "The box writes a zip for you to pass on to {name}. The audit log says that you took it.",
  "privacy.exportStart": "Write the file",
  "privacy.exportGoing": "The file is being written.",
  "privacy.exportReady": "The file is ready and kept for 24 hours.",
  "privacy.exportFailed": "The file could not be written.",
  "privacy.erase": "Erase",
  "privacy.eraseMenu": "Erase person",
  "privacy.eraseTitle": "Erase {name} for good?",
  "privacy.eraseText": "{name} is out at once. A job then goes through every workspace:",
  "privacy.eraseAccount": "The account, its tokens and memberships are deleted.",
  "privacy.eraseWritten":
    "Notes, references and reasons that they wrote are emptied; quantities and worth stay.",
  "privacy.eraseNamed": "Their name and address are taken out of what others wrote.",
  "privacy.eraseLogs": "The audit logs keep every entry and forget who it was.",
  "privacy.eraseNoWay": "Nothing of it comes back. Export what you have to keep before.",
  "privacy.eraseBegun": "{name} is being erased",
  "privacy.erasures": "Erasures",
  "privacy.erasuresText":
    "Who was erased, and when. A workspace brought back from a backup has them erased again.",
  "privacy.erasuresNone": "Nobody was erased",
  "privacy.erasuresNoneText":
    "Choose a person under Users, then “Erase person”. It stands here for good afterwards.",
  "privacy.erasureDone": "done",
  "privacy.erasureRunning": "under way",
  "privacy.erasureBy": "asked by {name}",
  "privacy.erasureMachine": "somebody at the machine",
  "privacy.erasureCounts": "rows: {rows}, texts: {texts}, entries of logs: {entries}",
} as const;
