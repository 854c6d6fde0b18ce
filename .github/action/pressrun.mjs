// Finds or builds the program pressrun and hands the step over to it: main does
// the step, post says what main could not. It uses nothing but Node itself.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const windows = process.platform === "win32";
const target = `${windows ? "windows" : process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
const release = JSON.parse(readFileSync(join(root, ".github", "action", "checksums.json"), "utf8"));

// Failure is what a person has to mend: shown with its title on the run's page.
class Failure extends Error {
  constructor(title, message) {
    super(message);
    this.title = title;
  }
}

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

// The program of the committed release: its checksum stands beside this file,
// so that whoever pins this action by its commit pins the program too.
async function released(want) {
  const dir = join(process.env.RUNNER_TOOL_CACHE || tmpdir(), "pressrun", release.version, target);
  const file = join(dir, windows ? "pressrun.exe" : "pressrun");
  if (existsSync(file) && digest(readFileSync(file)) === want) return file;
  const url = `${release.url}/v${release.version}/pressrun-${target}${windows ? ".exe" : ""}.gz`;
  const bytes = unpacked(url, await download(url));
  if (digest(bytes) !== want)
    throw new Failure("The program is not what was released", `${url} has the SHA-256 ${digest(bytes)}, expected ${want}: nothing was run. If a proxy changes downloads, let it leave this one alone; else tell Pressrun's makers.`);
  mkdirSync(dir, { recursive: true });
  const part = `${file}.${process.pid}`;
  writeFileSync(part, bytes);
  chmodSync(part, 0o755);
  renameSync(part, file); // a run beside this one never sees half a file
  return file;
}

// A program is released compressed: a third of the bytes. 1 GB is far more than one has.
function unpacked(url, bytes) {
  try {
    return gunzipSync(bytes, { maxOutputLength: 1e9 });
  } catch (err) {
    throw new Failure("The program is not what was released", `${url} can't be unpacked (${err.message}): nothing was run. What answers may be a proxy's page.`);
  }
}

async function download(url) {
  for (let pause = 1; ; pause *= 2) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(120_000) });
      if (answer.ok) return Buffer.from(await answer.arrayBuffer());
      if (answer.status < 500 && answer.status !== 429) pause = Infinity; // it will be the same again
      throw new Error(`${answer.status} ${answer.statusText}`);
    } catch (err) {
      if (pause > 8)
        throw new Failure("The program can't be downloaded", `${url}: ${err.cause?.message ?? err.message}. The runner must reach that address; a 404 says that release v${release.version} is not published. Or build the program: actions/setup-go, and build-program: true.`);
      await new Promise((resolve) => setTimeout(resolve, pause * 1000));
    }
  }
}

function built() {
  const dir = join(process.env.RUNNER_TEMP || tmpdir(), "pressrun-build");
  const file = join(dir, windows ? "pressrun.exe" : "pressrun");
  if (existsSync(file)) return file;
  const why = input("build-program") === "true" ? "build-program is set" : missing();
  const needed = readFileSync(join(root, "go.mod"), "utf8").match(/^go (\S+)/m)?.[1] ?? "";
  const mend = `set it up before: uses actions/setup-go with go-version ${needed.split(".").slice(0, 2).join(".")} (in the shipped workflow: the repository's variable PRESSRUN_BUILD_PROGRAM = true), or name a release of the action that has a program`;
  let have;
  try {
    have = execFileSync("go", ["env", "GOVERSION"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  } catch (err) {
    if (err.code === "ENOENT") throw new Failure("Go is missing", `the program is to be built, as ${why}, and this runner has no Go: ${mend}`);
    throw new Failure("Go does not fit", `the program is to be built, as ${why}, and Go says: ${String(err.stderr ?? err.message).trim()}. Go ${needed} or later is needed: ${mend}`);
  }
  console.log(`::notice title=The program is built from source::pressrun: ${why}, so ${have} builds it, which takes minutes. A release of the action downloads it instead.`);
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  const part = `${file}.${process.pid}`;
  try {
    execFileSync("go", ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", part, "./cmd/pressrun"], { cwd: root, env, stdio: "inherit" });
  } catch (err) {
    rmSync(part, { force: true });
    throw new Failure("The program does not build", `go build failed (${err.message}), by ${have}: its words are above. It needs Go ${needed} or later and the module proxy; ${mend}`);
  }
  renameSync(part, file);
  return file;
}

// missing says why there is nothing to download.
function missing() {
  if (!release.version) return "no release is committed in this version of the action";
  return `release v${release.version} has no program for ${target} (it has ${Object.keys(release.sha256).join(", ")})`;
}

async function main() {
  const post = process.env.STATE_pressrun_main === "begun";
  if (!post && process.env.GITHUB_STATE) appendFileSync(process.env.GITHUB_STATE, "pressrun_main=begun\n");
  if (post && input("step") === "program") return;
  const want = release.sha256[target];
  const program = input("build-program") === "true" || !want ? built() : await released(want);
  // The job's own commands may call it too, as those of a matrix do.
  if (process.env.GITHUB_PATH) appendFileSync(process.env.GITHUB_PATH, `${dirname(program)}\n`);
  if (input("step") === "program") return;
  let child; // the program may be at work before spawn returns: a signal must find its way from the first instant
  // Windows tells all programs of the console itself; a kill would end this one before it has said so.
  for (const signal of ["SIGINT", "SIGTERM", "SIGBREAK"]) process.on(signal, () => windows || child.kill(signal));
  child = spawn(program, ["action", post ? "post" : input("step") || "all"], { stdio: "inherit" });
  child.on("error", fail);
  child.on("exit", (code, signal) => (process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)));
}

function fail(err) {
  const data = (text) => String(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const title = data(err.title ?? "Pressrun could not start").replaceAll(":", "%3A").replaceAll(",", "%2C");
  console.log(`::error title=${title}::pressrun: ${data(err.message)}`);
  process.exitCode = 1;
}

main().catch(fail);
