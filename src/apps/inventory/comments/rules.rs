//! What a comment may say, whom it mentions, who may change it, and what those mentioned are told.

use crate::apps::inventory::texts::rules::{TextFault, many_lines};
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::notices::{NoticeSpec, NoticeText, Telling};

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code(
        "comment-not-own",
        "A comment is changed by whoever wrote it, and by nobody else.",
        "Write a comment of your own.",
    ),
    code(
        "comments-too-many",
        "There are as many comments here as there may be.",
        "Delete one that nobody needs first.",
    ),
    code(
        "mention-unknown",
        "Somebody mentioned does not belong to the workspace, or may not see what is spoken of.",
        "Choose people from the list that @ opens.",
    ),
    code(
        "mentions-too-many",
        "The comment mentions more people than are told at once.",
        "Mention fewer people.",
    ),
];

/// Characters of a comment; somebody mentioned takes 39 of them.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Different people that one comment mentions.
pub const MENTIONS_MAX: usize = 20;
/// Comments on one item or order.
pub const COMMENTS_MAX: usize = 1_000;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptComment {
    /// In the order they were written.
    pub rid: i64,
    pub id: CommentId,
    /// Empty once whoever wrote it was erased.
    pub text: String,
    pub version: i64,
    pub created_at: Moment,
    /// None when the box itself wrote it.
    pub author: Option<UserId>,
    /// When it was changed last; none when it never was.
    pub edited_at: Option<Moment>,
}
pub type CommentId = Id<KeptComment>;

/// What somebody wrote, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentDraft {
    pub text: String,
    /// Everybody mentioned, once each, in the order in which they stand in the text.
    pub mentions: Vec<UserId>,
}

/// Checks what somebody wrote: some characters, many lines, not too many people.
pub fn check(text: &str) -> Result<CommentDraft> {
    let wrong = |fault: TextFault| Error::invalid("text", fault.code(), fault.to_string());
    let text = many_lines(text, TEXT_CHARS_MAX).map_err(wrong)?;
    if text.is_empty() {
        return Err(wrong(TextFault::Empty));
    }
    let mentions = mentions(&text);
    if mentions.len() > MENTIONS_MAX {
        let detail = format!("A comment mentions at most {MENTIONS_MAX} people.");
        return Err(Error::invalid("text", "mentions-too-many", detail));
    }
    Ok(CommentDraft { text, mentions })
}

/// Everybody whom a text mentions as `@{id}`, once each, in order.
pub fn mentions(text: &str) -> Vec<UserId> {
    let mut found: Vec<UserId> = Vec::new();
    for part in text.split("@{").skip(1) {
        let Some((id, _)) = part.split_once('}') else { continue };
        // An id has one spelling, so that whoever reads the text need not know another.
        let known = id.parse::<UserId>().ok().filter(|user| user.to_string() == id);
        if let Some(user) = known.filter(|user| !found.contains(user)) {
            found.push(user);
        }
    }
    found
}

/// Refuses to mention whoever may not be told, unless the text did before.
pub fn check_mentions(new: &[UserId], before: &[UserId], unreachable: &[UserId]) -> Result<()> {
    let is_wrong = |user: &&UserId| unreachable.contains(user) && !before.contains(user);
    if !new.iter().any(|user| is_wrong(&user)) {
        return Ok(());
    }
    let detail = "Only people of this workspace who may see this can be mentioned.";
    Err(Error::invalid("text", "mention-unknown", detail))
}

pub fn check_count(there: usize) -> Result<()> {
    if there < COMMENTS_MAX {
        return Ok(());
    }
    let detail = format!("There are {COMMENTS_MAX} comments already.");
    Err(Error::conflict("comments-too-many", detail))
}

/// Refuses to change somebody else's words.
pub fn check_author(author: Option<UserId>, caller: Option<UserId>) -> Result<()> {
    if is_own(author, caller) {
        return Ok(());
    }
    let detail = "Only whoever wrote a comment can change it.";
    Err(Error::Denied(Refusal::new("comment-not-own", detail)))
}

pub fn is_own(author: Option<UserId>, caller: Option<UserId>) -> bool {
    author.is_some() && author == caller
}

/// Somebody was mentioned in a comment.
pub const MENTIONED: NoticeSpec = NoticeSpec {
    kind: "inventory.mention",
    is_urgent: false,
    is_mailed: true,
    texts: &[
        NoticeText {
            language: "en",
            label: "Somebody mentioned you in a comment",
            title: "{actor} mentioned you",
            detail: "In a comment on {thing} in {workspace}.",
        },
        NoticeText {
            language: "de",
            label: "Jemand hat Sie in einem Kommentar erwähnt",
            title: "{actor} hat Sie erwähnt",
            detail: "In einem Kommentar zu {thing} in {workspace}.",
        },
    ],
};

/// Says who mentioned somebody, and where. What was said is read there, by whoever may by then.
pub fn mentioned(actor: &str, thing: &str) -> Telling {
    Telling::new(&MENTIONED).with("actor", actor).with("thing", thing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(byte: u8) -> UserId {
        Id::from_bytes([byte; 16])
    }

    #[test]
    fn a_text_keeps_its_lines_and_is_not_empty() {
        let kept = |text: &str| check(text).map(|draft| draft.text);

        assert_eq!(kept(" one\r\n\r\n two \n").unwrap(), "one\n\n two");
        assert_eq!(kept(&"é".repeat(TEXT_CHARS_MAX)).unwrap().chars().count(), TEXT_CHARS_MAX);
        for wrong in ["", " \n\t ", "a\u{202e}b", "a\0b", &"x".repeat(TEXT_CHARS_MAX + 1)] {
            assert!(kept(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn people_are_mentioned_by_their_ids_once_each() {
        let (one, two) = (person(0xab), person(2));
        let text = format!("@{{{two}}} and @{{{one}}}, again @{{{two}}}. @Ana @{{x}} @{{{one}");

        assert_eq!(mentions(&text), [two, one]);
        let upper = format!("@{{{}}}", one.to_string().to_uppercase());
        assert_eq!(mentions(&upper), [], "an id has one spelling");
        assert_eq!(mentions(&format!("@{{@{{{one}}}")), [one]);
        assert_eq!(mentions(""), []);
    }

    #[test]
    fn as_many_people_as_may_be_are_mentioned_and_no_more() {
        let all = |count: u8| (0..count).map(|one| format!("@{{{}}}", person(one)));
        let most = u8::try_from(MENTIONS_MAX).unwrap();

        assert_eq!(check(&all(most).collect::<String>()).unwrap().mentions.len(), MENTIONS_MAX);
        assert!(check(&all(most + 1).collect::<String>()).is_err());
        assert!(check_count(COMMENTS_MAX - 1).is_ok() && check_count(COMMENTS_MAX).is_err());
    }

    #[test]
    fn whoever_may_not_be_told_is_mentioned_only_where_they_were_before() {
        let (gone, here) = (person(1), person(2));

        assert!(check_mentions(&[here], &[], &[]).is_ok());
        assert!(check_mentions(&[here, gone], &[], &[gone]).is_err());
        assert!(check_mentions(&[here, gone], &[gone], &[gone]).is_ok());
    }

    #[test]
    fn only_whoever_wrote_it_changes_it() {
        assert!(check_author(Some(person(1)), Some(person(1))).is_ok());
        assert!(check_author(Some(person(1)), Some(person(2))).is_err());
        assert!(check_author(None, None).is_err(), "what the box wrote is nobody's");
    }

    #[test]
    fn every_language_says_the_same() {
        let gaps =
            |text: &NoticeText| format!("{}{}", text.title, text.detail).matches('{').count();
        let [english, german] = MENTIONED.texts else { panic!("two languages") };
        assert_eq!([english.language, german.language], ["en", "de"]);
        assert_eq!(gaps(english), gaps(german));
    }
}
