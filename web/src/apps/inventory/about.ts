/** What files and comments stand beside. */
export interface About {
  readonly kind: "item" | "order";
  readonly id: string;
}
