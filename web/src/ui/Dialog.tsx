import { Modal } from "@mantine/core";
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from "react";
import { t } from "@/i18n";

interface Props {
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly opened?: boolean;
  readonly size?: "md" | "lg";
  /** Wide, and no press beside it closes it: something is typed in it, or shown only once. */
  readonly isWork?: boolean;
  /** Nothing closes it but a button of its own. */
  readonly isLocked?: boolean;
  /** Its name for those who do not see it, where the title is more than text. */
  readonly label?: string;
}

interface Frame {
  /** Another dialog stands above it: Escape is for that one. */
  readonly cover: (by: number) => void;
  /** What was typed would be lost with it. */
  readonly mark: (isDirty: boolean) => void;
  readonly isAsked: boolean;
  readonly stay: () => void;
  readonly leave: () => void;
}

const FrameContext = createContext<Frame | null>(null);

/** The frame of every dialog over a screen. */
export function Dialog({
  title,
  onClose,
  children,
  opened = true,
  isWork = false,
  isLocked = false,
  size = isWork ? "lg" : "md",
  label,
}: Props) {
  const [covers, setCovers] = useState(0);
  const [isAsked, setAsked] = useState(false);
  const isDirty = useRef(false);
  useCover(opened);
  const cover = useCallback((by: number) => setCovers((old) => old + by), []);
  const mark = useCallback((next: boolean) => {
    isDirty.current = next;
  }, []);
  const stay = useCallback(() => setAsked(false), []);
  const leave = useCallback(() => {
    setAsked(false);
    onClose();
  }, [onClose]);
  const frame = useMemo(
    () => ({ cover, mark, isAsked, stay, leave }),
    [cover, mark, isAsked, stay, leave],
  );
  return (
    <FrameContext value={frame}>
      <Modal
        opened={opened}
        onClose={() => (isDirty.current ? setAsked(true) : onClose())}
        size={size}
        title={title}
        closeOnClickOutside={!isWork && !isLocked}
        closeOnEscape={!isLocked && covers === 0}
        withCloseButton={!isLocked}
        closeButtonProps={{ "aria-label": t("ui.close") }}
        {...(label === undefined ? {} : { attributes: named(label) })}
      >
        {children}
      </Modal>
    </FrameContext>
  );
}

/** Tells the dialog below, if there is one, that this one is what Escape closes. */
function useCover(opened: boolean) {
  const below = useContext(FrameContext)?.cover;
  useEffect(() => {
    if (!opened || !below) return;
    below(1);
    return () => below(-1);
  }, [opened, below]);
}

/** In a dialog: asks before what was typed is closed away. */
export function useCloseGuard(isDirty: boolean): Pick<Frame, "isAsked" | "stay" | "leave"> | null {
  const frame = useContext(FrameContext);
  const mark = frame?.mark;
  useEffect(() => {
    mark?.(isDirty);
    return () => mark?.(false);
  }, [mark, isDirty]);
  return frame;
}

function named(label: string) {
  return { header: { role: "presentation" }, content: { "aria-label": label } };
}
