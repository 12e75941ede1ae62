import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type SetupState = Schemas["SetupStateResponse"];
export type SetupRequest = Schemas["SetupRequest"];
export type PasswordStrength = Schemas["PasswordStrengthResponse"];
export type Me = Schemas["MeResponse"];
export type MyWorkspace = Me["workspaces"][number];
export type Session = Schemas["SessionResponse"];
export type Token = Schemas["TokenResponse"];
export type TokenRequest = Schemas["CreateTokenRequest"];
export type AuditEntry = Schemas["AuditEntryResponse"];
export type AuditVerification = Schemas["AuditVerdictResponse"];
export type Item = Schemas["ItemResponse"];
export type ItemRequest = Schemas["ItemRequest"];
export type Location = Schemas["LocationResponse"];
export type LocationRequest = Schemas["LocationRequest"];
export type Movement = Schemas["MovementResponse"];
export type MovementRequest = Schemas["MovementRequest"];
export type TransferRequest = Schemas["TransferRequest"];
export type StockRow = Schemas["StockResponse"];
export type ImportPreview = Schemas["ImportPreviewResponse"];
export type ImportResult = Schemas["ImportReportResponse"];
export type Health = Schemas["HealthResponse"];
export type Box = Schemas["BoxResponse"];
export type TempZone = "dry" | "cooler" | "freezer";
