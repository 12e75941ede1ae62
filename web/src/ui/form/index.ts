export { useForm, type Form } from "./useForm";
export { FieldRow, FormFrame } from "./FormFrame";
export { AreaField, ChoiceField, SecretField, SwitchField, TextField } from "./fields";
export { LeaveGuard } from "./LeaveGuard";
