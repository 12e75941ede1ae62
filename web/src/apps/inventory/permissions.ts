export const READ = "inventory.read";
export const WRITE = "inventory.write";
export const MOVE = "inventory.move";
export const OVERRIDE = "inventory.override";
export const PRICES = "inventory.prices";
export const IMPORT = "inventory.import";
export const EXPORT = "inventory.export";
