/** Workspaces that go from one box to another. */
export const moving = {
  "moving.exportTitle": "Export {name}",
  "moving.exportText":
    "Whoever opens the file has everything that is in this workspace, with the names and " +
    "addresses of its people. Passwords are not in it.",
  "moving.to": "Who may open it",
  "moving.toPassphrase": "Whoever knows a passphrase",
  "moving.toPassphraseText":
    "Several words that do not belong together. Tell them another way than you send the file.",
  "moving.toRecipient": "Whoever has a certain key",
  "moving.toRecipientText":
    "The public key of a recovery kit of the other box; it begins with age1.",
  "moving.toKits": "Whoever has a recovery kit of this box",
  "moving.toKitsText": "For those who run both boxes, or to put the file away.",
  "moving.passphrase": "Passphrase",
  "moving.recipient": "Public key",
  "moving.begin": "Write the file",
  "moving.writing": "The workspace is written into a file. Everybody can go on working.",
  "moving.ready": "The file is ready, {size}",
  "moving.compareLater":
    "When it is imported, the other box shows the fingerprint of the key that signed it. " +
    "It must be this one:",
  "moving.fingerprint": "Fingerprint",
  "moving.download": "Download",
  "moving.kept": "It can be fetched until {date}.",
  "moving.importText":
    "A file that another box exported. All of it is checked, and you see what is in it before " +
    "anything is made of it.",
  "moving.choose": "Choose the exported file",
  "moving.noFile": "Choose the file first.",
  "moving.openedBy": "What opens it",
  "moving.byPassphrase": "A passphrase",
  "moving.byKit": "A kit or a key",
  "moving.sending": "{done} of {total} sent",
  "moving.sendingLabel": "Sending the file",
  "moving.look": "Look into it",
  "moving.looking": "The file is opened and checked",
  "moving.from": "From the box",
  "moving.taken": "As it was at",
  "moving.rows": "Rows",
  "moving.entries": "Entries of the audit log",
  "moving.people": "People named in it",
  "moving.compareTitle": "Is it from whom you think?",
  "moving.compare":
    "Compare the fingerprint with the one that the other box showed when the file was made.",
  "moving.bringIn": "Make the workspace",
  "moving.importing": "The workspace is brought in",
  "moving.imported": "{name} is on this box, and you own it",
  "moving.inviteNext": "Its people have no access here yet. Invite them under People.",
} as const;
