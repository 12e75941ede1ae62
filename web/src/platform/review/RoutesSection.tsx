import { Table, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useDeferredValue, useState } from "react";
import { t } from "@/i18n";
import { Section } from "@/ui/Page";
import { routeParts } from "./rules";
import classes from "./review.module.css";

/** What each address of the box asks of its caller, as the guard has it. */
export function RoutesSection({ routes }: { readonly routes: readonly string[] }) {
  const [text, setText] = useState("");
  const needle = useDeferredValue(text.trim().toLowerCase());
  const found = routes.filter((line) => line.toLowerCase().includes(needle));
  return (
    <Section title={t("review.routes")}>
      <p className="hf-text">{t("review.routesLead")}</p>
      <TextInput
        type="search"
        className={classes.search ?? ""}
        aria-label={t("review.routesSearch")}
        placeholder={t("review.routesSearch")}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className={classes.scroll} tabIndex={0} role="group" aria-label={t("review.routes")}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("review.verb")}</Table.Th>
              <Table.Th scope="col">{t("review.address")}</Table.Th>
              <Table.Th scope="col">{t("review.asks")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody translate="no">
            {found.map((line) => (
              <Route key={line} line={line} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {found.length === 0 && <p className="hf-dim">{t("review.noRoute")}</p>}
    </Section>
  );
}

function Route({ line }: { readonly line: string }) {
  const [verb, address, asks] = routeParts(line);
  return (
    <Table.Tr>
      <Table.Td className="hf-mono">{verb}</Table.Td>
      <Table.Td className="hf-mono">{address}</Table.Td>
      <Table.Td className="hf-mono">{asks}</Table.Td>
    </Table.Tr>
  );
}
