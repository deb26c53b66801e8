// A maintainer with GitHub's own client: opens a pull request, reads what fastperf says, commands, resolves, merges.
// Knows nothing of fastperf but what GitHub shows. Prints one JSON line for each thing seen; ends with 1 if it is wrong.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Octokit } from "octokit";

const { GITHUB_API_URL: baseUrl, GITHUB_TOKEN: auth, REPOSITORY, SCRIPT } = process.env;
const [owner, repo] = REPOSITORY.split("/");
const here = { owner, repo };
const script = JSON.parse(await readFile(SCRIPT, "utf8"));
const octokit = new Octokit({ auth, baseUrl, throttle: { enabled: false } });

const say = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));

async function until(what, look, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(100);
  }
}

async function write(branch, path, text, message) {
  let sha;
  try {
    const { data } = await octokit.rest.repos.getContent({ ...here, path, ref: branch });
    sha = data.sha;
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const content = Buffer.from(text).toString("base64");
  const { data } = await octokit.rest.repos.createOrUpdateFileContents({ ...here, branch, path, message, content, sha });
  return data.commit.sha;
}

async function answered(sha, after) {
  return until(`a completed check on ${sha.slice(0, 7)}`, async () => {
    const { data } = await octokit.rest.checks.listForRef({ ...here, ref: sha, check_name: "fastperf" });
    const [run] = data.check_runs;
    return run?.status === "completed" && run.completed_at && (!after || after(run)) ? run : undefined;
  });
}

const comments = (pull_number) =>
  octokit.paginate(octokit.rest.pulls.listReviewComments, { ...here, pull_number, per_page: 100 });

async function threads(number) {
  const query = `query ($owner: String!, $repo: String!, $number: Int!) {
    repository(owner: $owner, name: $repo) { pullRequest(number: $number) {
      reviewThreads(first: 50) { nodes { id isResolved path comments(first: 5) { nodes { body author { login } } } } } } } }`;
  const answer = await octokit.graphql(query, { ...here, number });
  return answer.repository.pullRequest.reviewThreads.nodes;
}

// Opens a pull request.
const { data: main } = await octokit.rest.git.getRef({ ...here, ref: "heads/main" });
await octokit.rest.git.createRef({ ...here, ref: "refs/heads/tracking", sha: main.object.sha });
const head = await write("tracking", script.path, script.slow, "Track orders");
const { data: pull } = await octokit.rest.pulls.create({ ...here, head: "tracking", base: "main", title: "Track orders" });
say("opened", { number: pull.number, head });

// Reads the check and the comments.
const failed = await answered(head);
assert.equal(failed.conclusion, "failure");
assert.match(failed.output.title, /critical new/);
assert.match(failed.output.summary, /### Performance assessment/);
assert.ok(failed.details_url.includes("/reviews/"));
const [first, ...others] = await until("a review", async () => {
  const found = await comments(pull.number);
  return found.length ? found : undefined;
});
assert.equal(others.length, script.comments - 1);
assert.equal(first.path, script.path);
assert.match(first.body, /requests\.get/);
const { data: reviews } = await octokit.rest.pulls.listReviews({ ...here, pull_number: pull.number });
assert.deepEqual(reviews.map((review) => review.state), ["COMMENTED"]);
const { data: blocked } = await octokit.rest.pulls.get({ ...here, pull_number: pull.number });
assert.equal(blocked.mergeable_state, "blocked");
await assert.rejects(octokit.rest.pulls.merge({ ...here, pull_number: pull.number }), { status: 405 });
say("blocked", { title: failed.output.title, comments: others.length + 1 });

// Asks, and is answered once.
const { data: question } = await octokit.rest.issues.createComment({
  ...here, issue_number: pull.number, body: "/fastperf explain FP103",
});
const answer = await until("an answer", async () => {
  const found = await octokit.paginate(octokit.rest.issues.listComments, { ...here, issue_number: pull.number });
  return found.find((comment) => comment.user.type === "Bot");
});
assert.match(answer.body, /FP103/);
const { data: reactions } = await octokit.rest.reactions.listForIssueComment({ ...here, comment_id: question.id });
assert.deepEqual(reactions.map((reaction) => reaction.content), ["eyes"]);
say("explained");

// Waives the finding in its thread, and takes that back.
await octokit.rest.pulls.createReplyForReviewComment({
  ...here, pull_number: pull.number, comment_id: first.id, body: "/fastperf ignore the carrier is on the same host",
});
const waived = await answered(head, (run) => run.conclusion === "success");
assert.match(waived.output.title, /1 ignored/);
assert.match(waived.output.summary, /the carrier is on the same host/);
assert.equal(waived.id, failed.id);
await octokit.rest.pulls.createReplyForReviewComment({
  ...here, pull_number: pull.number, comment_id: first.id, body: "/fastperf unignore",
});
await answered(head, (run) => run.conclusion === "failure");
say("waived and taken back");

// Resolves the thread: that waives nothing, and nothing is said again.
const [thread] = await threads(pull.number);
assert.equal(thread.isResolved, false);
await octokit.graphql("mutation ($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }", {
  id: thread.id,
});
const next = await write("tracking", "README.md", "A shop that tracks.\n", "Tell of it");
const still = await answered(next);
assert.equal(still.conclusion, "failure");
const said = (await comments(pull.number)).filter((comment) => comment.user.type === "Bot");
assert.equal(said.length, script.comments);
say("resolved");

// Mends it and merges.
const mended = await write("tracking", script.path, script.fast, "Answer at once");
const passed = await answered(mended);
assert.equal(passed.conclusion, "success");
const { data: clean } = await octokit.rest.pulls.get({ ...here, pull_number: pull.number });
assert.equal(clean.mergeable_state, "clean");
const { data: merged } = await octokit.rest.pulls.merge({ ...here, pull_number: pull.number, sha: mended });
assert.equal(merged.merged, true);
say("merged", { sha: merged.sha });
