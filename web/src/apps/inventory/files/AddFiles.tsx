import { Button, FileButton } from "@mantine/core";
import { IconCamera, IconPlus } from "@tabler/icons-react";
import { useRef } from "react";
import { t } from "@/i18n";
import { useIsPhone } from "@/ui/useIsPhone";

/** Files from the disk; on a phone a photo as well. */
export function AddFiles({ onAdd }: { readonly onAdd: (files: readonly File[]) => void }) {
  const isPhone = useIsPhone();
  const resetFiles = useRef<() => void>(null);
  const resetPhoto = useRef<() => void>(null);
  return (
    <div className="hf-flow">
      {isPhone && (
        <FileButton
          accept="image/*"
          capture="environment"
          resetRef={resetPhoto}
          onChange={(photo) => {
            if (photo) onAdd([photo]);
            resetPhoto.current?.();
          }}
        >
          {(props) => (
            <Button
              {...props}
              size="compact-sm"
              variant="default"
              leftSection={<IconCamera size={14} aria-hidden />}
            >
              {t("files.photo")}
            </Button>
          )}
        </FileButton>
      )}
      <FileButton
        multiple
        resetRef={resetFiles}
        onChange={(files) => {
          onAdd(files);
          resetFiles.current?.();
        }}
      >
        {(props) => (
          <Button
            {...props}
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
          >
            {t("files.add")}
          </Button>
        )}
      </FileButton>
    </div>
  );
}
