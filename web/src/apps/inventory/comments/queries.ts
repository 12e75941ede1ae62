import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { Comment } from "@/api/types";
import type { About } from "../about";

const OF_ITEM = "/api/v1/workspaces/{workspace}/inventory/items/{id}/comments";
const OF_ORDER = "/api/v1/workspaces/{workspace}/inventory/purchase-orders/{id}/comments";
const ONE_OF_ITEM = `${OF_ITEM}/{comment}` as const;
const ONE_OF_ORDER = `${OF_ORDER}/{comment}` as const;
const PEOPLE_OF_ITEM = `${OF_ITEM}/people` as const;
const PEOPLE_OF_ORDER = `${OF_ORDER}/people` as const;
const PAGE_ROWS = 20;
/** People offered at once. */
const OFFERED = 6;
const OFFERED_FRESH_MS = 30_000;

/** Newest first. What the event stream tells brings all that is loaded up to date. */
export function commentsQuery(workspace: string, about: About) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "comments", about.kind, about.id],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = { limit: PAGE_ROWS, total: true, ...(pageParam ? { cursor: pageParam } : {}) };
      const params = { path: { workspace, id: about.id }, query };
      return ok(
        about.kind === "item" ? api.GET(OF_ITEM, { params }) : api.GET(OF_ORDER, { params }),
      );
    },
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}

/** Who can be mentioned, by a part of the name. */
export function peopleQuery(workspace: string, about: About, typed: string) {
  return queryOptions({
    queryKey: ["mentionable", workspace, about.kind, about.id, typed],
    staleTime: OFFERED_FRESH_MS,
    queryFn: async () => {
      const params = {
        path: { workspace, id: about.id },
        query: { limit: OFFERED, ...(typed ? { q: typed } : {}) },
      };
      const answer =
        about.kind === "item"
          ? api.GET(PEOPLE_OF_ITEM, { params })
          : api.GET(PEOPLE_OF_ORDER, { params });
      return (await ok(answer)).items;
    },
  });
}

/** The same key makes sending it once more harmless. */
export async function addComment(workspace: string, about: About, text: string, key: string) {
  const params = { path: { workspace, id: about.id } };
  const sent = { params, headers: idempotent(key), body: { text } };
  return ok(about.kind === "item" ? api.POST(OF_ITEM, sent) : api.POST(OF_ORDER, sent));
}

/** A comment as it is by now. */
export async function getComment(workspace: string, about: About, comment: Comment) {
  const params = { path: { workspace, id: about.id, comment: comment.id } };
  return ok(
    about.kind === "item" ? api.GET(ONE_OF_ITEM, { params }) : api.GET(ONE_OF_ORDER, { params }),
  );
}

export async function changeComment(
  workspace: string,
  about: About,
  comment: Comment,
  version: number,
  text: string,
) {
  const params = {
    path: { workspace, id: about.id, comment: comment.id },
    header: ifMatch(version),
  };
  const sent = { params, body: { text } };
  return ok(about.kind === "item" ? api.PUT(ONE_OF_ITEM, sent) : api.PUT(ONE_OF_ORDER, sent));
}

export async function deleteComment(workspace: string, about: About, comment: Comment) {
  const params = {
    path: { workspace, id: about.id, comment: comment.id },
    header: ifMatch(comment.version),
  };
  await ok(
    about.kind === "item"
      ? api.DELETE(ONE_OF_ITEM, { params })
      : api.DELETE(ONE_OF_ORDER, { params }),
  );
}
