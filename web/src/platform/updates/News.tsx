import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { loadTexts } from "@/i18n";
import { readStored, writeStored } from "@/theme/appearance";
import { useMe } from "../identity/queries";
import { newsQuery } from "./newsQuery";

const NewsShown = lazy(async () => {
  await loadTexts("updates");
  return import("./NewsShown");
});

/** Above every screen: that the box changes its release, and afterwards, once, what is new. */
export function News() {
  const { id } = useMe();
  const { data } = useQuery(newsQuery);
  const key = `holdfast.news.${id}`;
  const [read, setRead] = useState(() => readStored(key));
  const isRead = String(data?.whats_new?.seq) === read;
  const onRead = (seq: number) => {
    writeStored(key, String(seq));
    setRead(String(seq));
  };
  return (
    <div role="status">
      {data && (data.change || (data.whats_new && !isRead)) && (
        <Suspense fallback={null}>
          <NewsShown news={data} isRead={isRead} onRead={onRead} />
        </Suspense>
      )}
    </div>
  );
}
