/** As many places are remembered as a person may have gone through on the way into a dialog. */
const TRAIL_MAX = 24;
const FLOATING = "[role=dialog], [role=menu], [role=listbox]";

/**
 * Gives the focus back when the dialog or menu that had it is gone: to where one was before, or to
 * the last place before that which is still there. Without it the keyboard starts at the top of
 * the page. Dialogs are drawn only while they are open, so none can do this for itself.
 */
export function keepFocus(): () => void {
  let trail: HTMLElement[] = [];
  const remember = (event: FocusEvent) => {
    const { target } = event;
    if (!(target instanceof HTMLElement)) return;
    trail = [...trail.filter((one) => one !== target), target].slice(-TRAIL_MAX);
  };
  const giveBack = () => {
    const last = trail.at(-1);
    if (!last || last.isConnected || !isLost()) return;
    // What was removed keeps its ancestors up to the dialog, so it still says where it stood.
    const wasFloating = last.closest(FLOATING) !== null;
    trail = trail.filter((one) => one.isConnected);
    if (!wasFloating) return;
    for (const place of trail.toReversed()) {
      place.focus({ preventScroll: true });
      if (!isLost()) return;
    }
  };
  const observer = new MutationObserver(giveBack);
  document.addEventListener("focusin", remember);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener("focusin", remember);
    observer.disconnect();
  };
}

function isLost(): boolean {
  const at = document.activeElement;
  return at === null || at === document.body;
}
