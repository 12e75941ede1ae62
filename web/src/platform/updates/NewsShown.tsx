import type { UpdateNews } from "@/api/types";
import { ChangeBanner } from "./ChangeBanner";
import { WhatsNew } from "./WhatsNew";

interface Props {
  readonly news: UpdateNews;
  /** Whether what the release brought was read or closed before. */
  readonly isRead: boolean;
  readonly onRead: (seq: number) => void;
}

/** One thing at a time: what comes or goes on, else what is new. */
export default function NewsShown({ news, isRead, onRead }: Props) {
  if (news.change) return <ChangeBanner change={news.change} />;
  return news.whats_new && !isRead ? <WhatsNew news={news.whats_new} onClose={onRead} /> : null;
}
