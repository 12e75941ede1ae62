export { useForm, type Form } from "./useForm";
export { FieldRow, FormFrame } from "./FormFrame";
export { AreaField, ChoiceField, SecretField, SwitchField, TextField } from "./fields";
export { CardsField, type CardOption } from "./CardsField";
export { ChecksField } from "./ChecksField";
export { LeaveGuard } from "./LeaveGuard";
export type { Stale } from "./StaleNotice";
