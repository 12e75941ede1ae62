//! What can be wrong with counts, for people.

use crate::platform::error::{Code, code};

pub const CODES: &[Code] = &[
    code(
        "count-items",
        "A count lists no items, or more than it may.",
        "List the items to count, or leave the list out to count all.",
    ),
    code("count-percent", "The share of a threshold is out of range.", "Use 1 to 1,000 percent."),
    code(
        "count-too-large",
        "A count would have more lines than it may.",
        "Choose a smaller part: a place, a category or some items.",
    ),
    code(
        "count-full",
        "A count has as many entries as it may.",
        "Submit it, and open another one for the rest.",
    ),
    code(
        "count-not-open",
        "The count was submitted, approved or canceled.",
        "Ask a manager to open it again or to start another one.",
    ),
    code(
        "count-not-submitted",
        "The count is not waiting for a decision.",
        "Look at it again: somebody may have decided it meanwhile.",
    ),
    code("count-empty", "Nothing of the count is counted yet.", "Count something first."),
    code(
        "count-out-of-scope",
        "The item or the place is not part of the count.",
        "Choose what the count is about, or open another count.",
    ),
    code(
        "count-below-zero",
        "What was counted would come to less than nothing.",
        "Take off no more than was counted.",
    ),
    code(
        "count-line-settled",
        "A manager has decided this line already.",
        "Open another count for it.",
    ),
    code(
        "count-own",
        "Whoever counted everything alone cannot approve it.",
        "Let another manager approve it.",
    ),
    code(
        "count-undecided",
        "Lines with a conflict, or that want a second counter, are not decided.",
        "Decide each of them: keep the difference, use the count, count again or leave the stock.",
    ),
    code(
        "count-decision",
        "A line that nobody counted has no difference to post.",
        "Let it be counted, or leave it out.",
    ),
    code("unknown-line", "The count has no such line to decide.", "Load the count again."),
    code(
        "client-op-bad",
        "An entry has no id of its own that could be read.",
        "Send a fresh UUID with each entry.",
    ),
    code(
        "client-op-reused",
        "The id of an entry was used for another one.",
        "Send a fresh UUID with each entry.",
    ),
    code(
        "seen-seq-bad",
        "The number of the ledger's last known entry is not of this count's time.",
        "Send the ledger_seq that was read with the count.",
    ),
    code(
        "count-undo",
        "There is no such entry of one's own that could be taken back.",
        "Enter the right quantity instead.",
    ),
    code(
        "quantities-hidden",
        "Whoever counts blind is not told what the book says while the count is open.",
        "Ask again when the count is handed in, or ask somebody who decides counts.",
    ),
    code("count-state", "There is no such state to list.", "Use one of the states that are told."),
    code("count-order", "Lines have no such order.", "Use place or variance."),
    code(
        "count-batch",
        "A batch has no entries, or more than it may.",
        "Send 1 to 500 entries at a time.",
    ),
];
