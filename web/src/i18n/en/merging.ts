/** What a form says when somebody else saved meanwhile. */
export const merging = {
  "form.staleTitle": "Somebody changed this meanwhile",
  "form.staleBody":
    "Nothing was saved; your text is still here. Load the newest, or keep this to copy from.",
  "form.staleCompare": "Compare and put together",
  "merge.title": "Two people changed this",
  "merge.body": "Choose for each field. Nothing is saved before you save the form.",
  "merge.same": "What you typed is what is saved by now.",
  "merge.before": "Before:",
  "merge.nothing": "nothing",
  "merge.mine": "Yours:",
  "merge.theirs": "Theirs:",
  "merge.by.mine": "only you changed it",
  "merge.by.theirs": "only they changed it",
  "merge.use": "Use this",
  "merge.open": "Choose {count} more",
} as const;
