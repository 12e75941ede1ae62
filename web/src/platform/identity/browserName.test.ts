import { describe, expect, it } from "vitest";
import { deviceOf } from "./browserName";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";
const CHROME = `${WEBKIT} Chrome/141.0.0.0`;
const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)";
const PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 8)";
const LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)";

const AGENTS: readonly (readonly [string, string | null, string | null, boolean])[] = [
  [`${WINDOWS} ${CHROME} Safari/537.36`, "Chrome", "Windows", false],
  [`${WINDOWS} ${CHROME} Safari/537.36 Edg/141.0.0.0`, "Edge", "Windows", false],
  [`${IPHONE} ${WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1`, "Safari", "iPhone", true],
  [`${LINUX} Gecko/20100101 Firefox/143.0`, "Firefox", "Linux", false],
  [`${PIXEL} ${CHROME} Mobile Safari/537.36`, "Chrome", "Android", true],
  [`${MAC} ${WEBKIT} Version/18.6 Safari/605.1.15`, "Safari", "macOS", false],
  ["curl/8.14.1", "curl", null, false],
  ["something else", null, null, false],
];

describe("a browser is named from what it says of itself", () => {
  it.each(AGENTS)("%s", (agent, browser, system, isPhone) => {
    expect(deviceOf(agent)).toEqual({ browser, system, isPhone });
  });

  it("is unknown without a word", () => {
    expect(deviceOf(null)).toEqual({ browser: null, system: null, isPhone: false });
  });
});
