export const security = {
  "nav.security": "Security",
  "nav.boxSecurity": "Security of the box",
  "security.title": "Security",
  "security.boxTitle": "Security of the box",
  "security.lead": "Who can get in, what happened lately, and proof that the log is whole.",
  "security.forbidden": "Only operators look after the security of the box.",
  "security.access": "Ways in",
  "security.factor": "Your second factor",
  "security.browsers": "Your browsers",
  "security.ownTokens": "Your tokens",
  "security.toPrograms": "Look after them",
  "security.unread": "could not be read",
  "security.toAccount": "Change yours",
  "security.off": "off",
  "security.sessions": {
    one: "signed in with {count} browser",
    other: "signed in with {count} browsers",
  },
  "security.tokens": { one: "{count} token", other: "{count} tokens" },
  "security.passkeys": { one: "{count} passkey", other: "{count} passkeys" },
  "security.programs": { one: "{count} program", other: "{count} programs" },
  "security.backup": { one: "{count} backup code left", other: "{count} backup codes left" },
  "security.events": "Lately",
  "security.noEvents": "Nothing yet.",
  "security.allEvents": "All of it",
  "checkpoint.title": "Audit log",
  "checkpoint.lead":
    "The box signs how long its log is and what is in it. Keep such a checkpoint outside, on " +
    "paper or with your auditor: nothing before it can be altered unseen from then on.",
  "checkpoint.sign": "Sign one now",
  "checkpoint.none": "Nothing is signed yet. A checkpoint is made within a minute of a change.",
  "checkpoint.size": "Entries",
  "checkpoint.at": "Signed",
  "checkpoint.note": "Checkpoint",
  "checkpoint.key": "Key that verifies it",
  "checkpoint.qr": "The checkpoint as a code for a phone’s camera",
  "checkpoint.save": "Save",
  "checkpoint.saveOf": "Save the checkpoint over {size} entries",
  "checkpoint.earlier": "Earlier checkpoints",
  "checkpoint.entries": { one: "{shown} entry", other: "{shown} entries" },
  "proof.title": "Take proof along",
  "proof.lead":
    "A proof shows, with a checkpoint alone, that one entry stands in the log as it did when " +
    "the checkpoint was signed.",
  "proof.seq": "Number of the entry",
  "proof.seqHelp": "It stands first in each line of the audit list.",
  "proof.seqBad": "Write a whole number, such as 128",
  "proof.submit": "Save the proof",
  "proof.bundleLead":
    "The bundle holds the whole log. “verify_audit.py BUNDLE --checkpoint FILE” checks it on " +
    "any machine with Python, without this box.",
  "proof.personal": "With names, addresses and browsers of people",
  "proof.personalHelp": "The check does not need them. Give them only to whoever may have them.",
  "proof.bundle": "Save the bundle",
  "help.title": "Locked out",
  "help.lead":
    "They know their password but lost the second factor. Make sure that it is really them: " +
    "call, or ask in person.",
  "help.asked": "asked {when}",
  "help.approve": "Let in",
  "help.approveOf": "Let {name} in",
  "help.approveTitle": "Let {name} in without a second factor?",
  "help.approveBody":
    "For 24 hours the password alone is enough, once. {name} then sets up a new second " +
    "factor; the old one and its backup codes stop working.",
  "help.approved": "{name} can sign in now",
  "help.refuse": "Refuse",
  "help.refuseOf": "Refuse {name}",
  "help.refuseTitle": "Refuse {name}?",
  "help.refuseBody":
    "Nothing changes for {name}. Whoever asked may know the password: have it changed.",
  "help.refused": "The request of {name} is refused",
  "today.help": {
    one: "{count} person is locked out and asks for help",
    other: "{count} people are locked out and ask for help",
  },
  "today.toHelp": "Look at it",
} as const;
