export { DataTable, type Column, type TableHandle } from "./DataTable";
export { PhoneRow } from "./PhoneRow";
