// Finds or builds the program pressrun and hands the step over to it: main does
// the step, post says what main could not. It uses nothing but Node itself.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const windows = process.platform === "win32";
const target = `${windows ? "windows" : process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
const release = JSON.parse(readFileSync(join(root, ".github", "action", "checksums.json"), "utf8"));
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

// The program of the committed release: its checksum stands beside this file,
// so that whoever pins this action by its commit pins the program too.
async function released(want) {
  const dir = join(process.env.RUNNER_TOOL_CACHE || tmpdir(), "pressrun", release.version, target);
  const file = join(dir, windows ? "pressrun.exe" : "pressrun");
  if (existsSync(file) && digest(readFileSync(file)) === want) return file;
  const url = `${release.url}/v${release.version}/pressrun-${target}${windows ? ".exe" : ""}`;
  const bytes = await download(url);
  if (digest(bytes) !== want) throw new Error(`${url} is not what was released: its SHA-256 is ${digest(bytes)}, expected ${want}`);
  mkdirSync(dir, { recursive: true });
  const part = `${file}.${process.pid}`;
  writeFileSync(part, bytes);
  chmodSync(part, 0o755);
  renameSync(part, file); // a run beside this one never sees half a file
  return file;
}

async function download(url) {
  for (let pause = 1; ; pause *= 2) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(120_000) });
      if (answer.ok) return Buffer.from(await answer.arrayBuffer());
      if (answer.status < 500 && answer.status !== 429) pause = Infinity; // it will be the same again
      throw new Error(`${answer.status} ${answer.statusText}`);
    } catch (err) {
      if (pause > 8) throw new Error(`download ${url}: ${err.cause?.message ?? err.message}`);
      await new Promise((resolve) => setTimeout(resolve, pause * 1000));
    }
  }
}

function built() {
  const dir = join(process.env.RUNNER_TEMP || tmpdir(), "pressrun-build");
  const file = join(dir, windows ? "pressrun.exe" : "pressrun");
  if (existsSync(file)) return file;
  console.log("pressrun: building the program, because no release is committed for " + target);
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  const part = `${file}.${process.pid}`;
  try {
    execFileSync("go", ["build", "-trimpath", "-buildvcs=false", "-o", part, "./cmd/pressrun"], { cwd: root, env, stdio: "inherit" });
  } catch (err) {
    rmSync(part, { force: true });
    throw new Error(`go build failed (${err.message}): a Go of the version in go.mod is needed, from actions/setup-go`);
  }
  renameSync(part, file);
  return file;
}

async function main() {
  const post = process.env.STATE_pressrun_main === "begun";
  if (!post && process.env.GITHUB_STATE) appendFileSync(process.env.GITHUB_STATE, "pressrun_main=begun\n");
  const want = release.sha256[target];
  const program = input("build-program") === "true" || !want ? built() : await released(want);
  let child; // the program may be at work before spawn returns: a signal must find its way from the first instant
  // Windows tells all programs of the console itself; a kill would end this one before it has said so.
  for (const signal of ["SIGINT", "SIGTERM", "SIGBREAK"]) process.on(signal, () => windows || child.kill(signal));
  child = spawn(program, ["action", post ? "post" : input("step") || "all"], { stdio: "inherit" });
  child.on("error", fail);
  child.on("exit", (code, signal) => (process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)));
}

function fail(err) {
  console.log(`::error::pressrun: ${String(err.message).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}`);
  process.exitCode = 1;
}

main().catch(fail);
