"""`docs/features.md` promises nothing that no test shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "features.md"

SHOWN: Mapping[str, Sequence[str]] = {
    "Signatures": (
        "security/test_deliveries.py::test_01_a_forged_webhook_is_refused_before_anything_is_parsed",
        "security/test_deliveries.py::test_02_every_secret_is_compared_whatever_the_others_said",
    ),
    "Secrets": (
        "app/test_settings.py::test_a_wrong_value_is_one_line_that_names_its_variable",
        "app/test_webhook.py::test_either_live_secret_signs",
    ),
    "Large bodies": (
        "app/test_webhook.py::test_what_is_larger_than_github_sends_is_413",
        "security/test_deliveries.py::test_04_large_unsigned_bodies_are_taken_a_few_at_once",
        "security/test_deliveries.py::test_05_who_does_not_finish_its_request_is_closed",
    ),
    "Answer before work": (
        "app/test_webhook.py::test_a_signed_pull_request_is_accepted_and_reviewed",
        "app/test_webhook.py::test_a_queue_that_cannot_take_the_job_is_503",
    ),
    "Twice, late, out of order": (
        "app/test_thread.py::test_the_second_delivery_of_a_guid_changes_nothing",
        "app/test_thread.py::test_a_head_that_moves_while_we_look_is_not_commented_at",
        "heavy/test_life.py::test_whatever_happens_each_open_head_is_answered_once_and_nothing_is_said_twice",
    ),
    "A newer push": ("app/test_pipeline.py::test_a_newer_push_ends_the_older_review_and_closes_its_run",),
    "Quick pushes": (
        "app/test_jobs.py::test_quick_pushes_wait_for_each_other",
        "app/test_budget.py::test_pushes_wait_for_each_other_once_calls_are_scarce",
    ),
    "Lost deliveries": (
        "app/test_circumstances.py::test_deliveries_that_failed_in_whatever_way_are_asked_for_again",
        "app/test_missed.py::test_10_one_delivery_is_not_asked_for_for_ever",
        "app/test_circumstances.py::test_a_run_that_a_lost_job_began_is_closed_by_the_sweep",
        "app/test_circumstances.py::test_a_sweep_with_nothing_to_do_costs_two_calls_and_two_points",
    ),
    "Arriving": ("app/test_circumstances.py::test_what_was_open_before_we_came_is_answered_without_a_word",),
    "Threads": (
        "app/test_circumstances.py::test_a_person_who_resolves_or_reopens_a_thread_is_heard_without_a_call",
        "app/test_circumstances.py::test_what_a_person_resolved_stays_so_when_its_thread_is_gone",
        "app/test_circumstances.py::test_a_comment_of_ours_that_somebody_edited_is_theirs",
    ),
    "Long-lived": (
        "app/test_circumstances.py::test_a_shared_head_of_an_old_pull_request_still_counts",
        "app/test_store.py::test_what_was_said_is_known_as_long_as_the_pull_request_is_reviewed",
    ),
    "Events": (
        "app/test_webhook_examples.py::test_recorded_deliveries_never_make_a_server_error",
        "app/test_webhook.py::test_what_asks_nothing_is_200_without_work",
    ),
    "Fairness": ("app/test_jobs.py::test_a_loud_installation_leaves_a_place_to_the_others",),
    "Connections": ("app/github/test_people_and_app.py::test_a_dropped_read_is_not_noticed",),
    "The key": (
        "app/github/test_auth.py::test_a_clock_that_is_off_is_corrected_by_githubs_and_stays_so",
        "security/test_secrets.py::test_23_neither_workers_nor_representations_nor_pickles_hold_the_key",
    ),
    "Tokens": (
        "app/github/test_auth.py::test_a_token_is_asked_for_one_repository_and_then_kept",
        "app/github/test_auth.py::test_callers_at_once_share_one_token",
    ),
    "Limits": (  # of calls, and of a check run's texts
        "app/github/test_transport.py::test_a_secondary_limit_without_a_time_is_a_minute_then_two",
        "app/github/test_transport.py::test_an_exhausted_primary_limit_waits_for_its_reset_by_githubs_clock",
        "app/github/test_transport.py::test_writes_beyond_a_burst_keep_a_second_apart",
        "app/test_budget.py::test_a_loud_installation_that_must_wait_keeps_nobody_else_waiting",
        "app/test_complaints.py::test_14_too_many_annotations_and_too_long_a_text",
    ),
    "Faults": (
        "app/github/test_transport.py::test_a_read_is_repeated_after_a_fault",
        "app/github/test_reviews.py::test_a_review_that_went_through_though_the_answer_was_lost_is_not_repeated",
        "app/test_circumstances.py::test_an_answer_that_came_in_part_decides_nothing",
        "app/github/test_contents.py::test_what_one_document_fails_to_bring_comes_otherwise",
    ),
    "Conditional requests": (
        "app/github/test_transport.py::test_an_unchanged_answer_is_taken_from_memory",
        "app/github/test_transport.py::test_what_one_installation_read_is_not_given_to_another",
    ),
    "Enterprise Server": (
        "app/test_circumstances.py::test_an_enterprise_server_is_served_under_its_own_addresses",
        "app/test_applying.py::test_an_older_enterprise_server_is_told_apart_and_spared_what_it_lacks",
        "app/github/test_transport.py::test_no_redirect_leads_to_another_host",
    ),
    "Calls": (
        "app/test_budget.py::test_a_clean_push_costs_four_calls_eight_points_and_one_write",
        "app/test_budget.py::test_new_and_fixed_findings_cost_no_more_than_they_must",
        "app/test_newness.py::test_a_base_that_moved_on_costs_one_call_more_and_only_with_news",
    ),
    "One review for each head": (
        "app/test_thread.py::test_a_slow_change_gets_one_review_and_a_failing_check",
        "app/test_thread.py::test_a_clean_change_is_silent_and_costs_four_calls",
    ),
    "One line, one comment": (
        "app/review/test_said.py::test_two_problems_of_a_line_are_one_comment_that_is_told_apart_where_one_was_said",
    ),
    "What gets a comment": (
        "app/review/test_said.py::test_what_would_be_a_hint_is_noted_where_a_change_brings_it_and_blocks_nobody",
        "app/review/test_said.py::test_what_a_change_brings_gets_a_comment_where_the_rule_says_so_or_where_it_was_less",
    ),
    "How a project is built": (
        "app/review/test_said.py::test_more_of_how_a_project_is_built_is_one_decision_and_one_comment_where_it_blocks",
    ),
    "Lines": (
        "app/github/test_reviews.py::test_exactly_the_comments_with_a_place_are_posted",
        "app/test_pipeline.py::test_a_place_that_github_refuses_is_said_in_the_check_run",
    ),
    "Identity": (
        "scenarios/test_what_is_new.py::test_shifted_lines_repeat_nothing",
        "scenarios/test_what_is_new.py::test_reformatting_repeats_nothing",
        "scenarios/test_what_is_new.py::test_a_moved_package_repeats_nothing",
        "scenarios/test_what_is_new.py::test_an_extracted_function_repeats_nothing",
    ),
    "Other versions": (
        "scenarios/test_what_is_new.py::test_what_another_version_brings_is_a_line_and_what_is_written_for_it_is_new",
    ),
    "Not again": (
        "app/review/test_reconcile.py::test_a_posted_finding_is_never_posted_again",
        "app/review/test_reconcile.py::test_what_was_resolved_stays_so_when_its_thread_is_gone",
        "app/review/test_reconcile.py::test_what_was_folded_once_stays_folded",
    ),
    "Deleted": ("app/test_rough_company.py::test_a_comment_that_somebody_deleted_is_not_said_again",),
    "Fixed": (
        "app/test_complaints.py::test_06_fixed_findings_stay_open",
        "app/review/test_reconcile.py::test_threads_that_people_dealt_with_are_left_alone",
    ),
    "Suggestions": (
        "app/test_complaints.py::test_11_suggestions_that_break_the_code",
        "app/review/test_comments.py::test_applying_a_suggestion_gives_exactly_what_was_proven",
    ),
    "Patch": ("app/review/test_patch.py::test_git_applies_every_patch_we_render",),
    "Blocking": ("app/test_complaints.py::test_17_a_stale_request_for_changes_blocks_for_ever",),
    "Suggestion and import": (
        "app/review/test_comments.py::test_a_fix_with_an_edit_elsewhere_is_a_folded_diff",
        "cli/test_review.py::test_a_fix_that_takes_an_import_along_is_a_diff",
    ),
    "Sides": (
        "app/review/test_comments.py::test_a_removed_guard_is_said_on_the_removed_line",
        "app/review/test_diff.py::test_a_range_lies_in_one_hunk",
    ),
    "A comment that GitHub drops": (
        "app/test_complaints.py::test_09_a_comment_that_lands_elsewhere_or_nowhere",
    ),
    "A line of each endpoint's cost": (
        "app/test_cost_history.py::test_a_merged_change_is_a_step_and_a_closed_one_is_not",
        "app/test_cost_history.py::test_the_page_draws_the_line_and_names_the_changes",
    ),
    "Modes `context`, `file`, `all`": (),
    "Comments on whole files": (),
    "Exactly one, always completed": (
        "app/test_thread.py::test_a_change_without_python_is_answered",
        "app/test_thread.py::test_a_draft_gets_a_check_and_its_comments_when_it_is_ready",
        "app/test_pipeline.py::test_too_large_a_change_is_skipped_and_says_so",
        "app/test_pipeline.py::test_a_fault_of_ours_never_blocks",
    ),
    "Merge queue": (
        "app/test_events.py::test_two_clean_pull_requests_that_are_bad_together_hear_of_it_once_each",
        "app/test_merge_queue.py::test_each_pull_request_of_a_squashed_group_brings_its_own_waivers_and_pause",
        "app/test_merge_queue.py::test_the_same_blobs_on_the_same_base_have_the_same_verdict",
    ),
    "Re-run": (
        "app/test_thread.py::test_what_is_asked_for_again_is_answered_again",
        "app/test_merge_queue.py::test_the_run_of_a_group_is_run_again_and_has_no_buttons",
    ),
    "Shared heads": (
        "app/test_pipeline.py::test_two_pull_requests_with_one_head_share_its_run_and_the_worst_wins",
        "app/test_pipeline.py::test_two_pull_requests_with_one_head_that_come_at_once_share_its_run_too",
        "app/test_circumstances.py::test_who_leaves_a_shared_head_takes_its_verdict_along_and_who_comes_brings_it",
        "heavy/test_machines.py::test_two_machines_at_one_moment_make_one_check_run_on_a_shared_head",
    ),
    "Buttons": (
        "app/test_thread.py::test_a_pressed_button_reviews_again",
        "app/test_commands.py::test_the_button_ignores_what_blocks_and_only_for_those_who_may",
        "app/test_applying.py::test_proven_fixes_become_one_commit_that_turns_the_check_green",
        "app/test_applying.py::test_a_stranger_presses_in_vain",
    ),
    "Reverts": (
        "app/test_events.py::test_a_revert_is_advised_and_not_stopped",
        "app/test_rough_company.py::test_a_fork_that_calls_itself_a_revert_is_gated_like_any_other",
    ),
    "Our own faults": (
        "app/test_pipeline.py::test_a_fault_of_ours_never_blocks",
        "app/test_pipeline.py::test_a_fault_blocks_where_the_owner_chose_so",
    ),
    "What may not be read or said": (
        "app/test_permissions.py::test_without_leave_to_read_code_the_check_says_what_is_missing",
        "app/test_permissions.py::test_what_may_not_be_said_on_lines_is_said_in_the_check",
        "app/test_permissions.py::test_a_permission_that_is_granted_at_last_is_used_at_once",
    ),
    "A first fortnight without blocking": (),
    "Commands": (
        "app/review/test_commands.py::test_a_command_is_read",
        "app/test_commands.py::test_explain_and_config_answer_in_one_comment",
        "app/test_commands.py::test_diagnose_scale_and_audit_tell_of_the_project_with_the_change",
        "security/test_people.py::test_16_an_edited_comment_is_no_command_and_the_payload_s_word_on_rights_is_not_taken",
    ),
    "Long answers": (
        "app/test_long_answers.py::test_a_long_answer_is_whole_on_a_page_and_short_in_the_comment",
        "app/test_long_answers.py::test_a_long_configuration_is_shown_whole_to_those_alone_who_may_read_it",
    ),
    "Bots, edits, quotes, code": (
        "app/review/test_commands.py::test_what_only_looks_like_a_command_is_none",
        "app/test_thread.py::test_a_stranger_gets_a_thumb_down_and_help_is_for_those_who_may_write",
        "security/test_people.py::test_17_programs_and_we_ourselves_are_not_obeyed",
        "app/test_commands.py::test_a_coding_agent_may_have_its_own_pull_request_reviewed_again_and_no_more",
    ),
    "Too many": ("app/test_commands.py::test_a_flood_of_commands_is_not_obeyed",),
    "Waivers": (
        "app/test_commands.py::test_an_ignored_finding_no_longer_blocks_and_is_listed_with_its_reason",
        "app/test_commands.py::test_who_may_ignore_is_the_owner_s_choice",
        "cli/test_log.py::test_the_record_is_shown_newest_first_and_told_apart_by_repository",
    ),
    "Where": (
        "app/test_pipeline.py::test_the_configuration_of_the_pull_request_itself_changes_nothing",
        "app/test_events.py::test_the_organisation_s_defaults_hold_where_a_project_has_none",
    ),
    "Mistakes": (
        "app/review/test_config.py::test_a_mistake_costs_its_own_key_only",
        "app/test_circumstances.py::test_a_mistake_in_the_configuration_that_a_change_brings_is_marked_on_its_line",
        "cli/test_check.py::test_a_mistake_in_the_configuration_is_said_with_its_line",
    ),
    "Several applications": (
        "app/test_monorepo.py::test_each_application_has_its_own_section_and_the_check_is_one",
        "app/test_monorepo.py::test_the_nearest_configuration_above_a_file_decides",
        "app/test_monorepo.py::test_a_change_cannot_switch_off_the_gate_of_its_application",
    ),
    "Schema": (
        "app/review/test_config.py::test_the_published_schema_is_fresh",
        "app/review/test_config.py::test_the_schema_takes_what_we_take_and_refuses_what_we_refuse",
    ),
    "Left out": (
        "app/review/test_exclusions.py::test_files_left_out_by_name_attributes_configuration_or_kind_say_why",
        "app/review/test_config.py::test_a_header_tells_generated_files",
    ),
    "In the code": (
        "engine/test_suppression.py::test_a_comment_on_the_line_silences_its_codes",
        "engine/test_suppression.py::test_an_unused_comment_is_a_finding_on_its_own_place",
    ),
    "Nothing is run": (
        "security/test_source.py::test_11_a_worker_executes_imports_writes_and_connects_nothing",
        "security/test_source.py::test_12_bombs_neither_stop_nor_spoil_what_others_wait_for",
    ),
    "Permissions": (
        "app/github/test_people_and_app.py::test_the_app_knows_itself_and_what_it_lacks",
        "app/test_setup.py::test_from_nothing_to_a_running_app_that_says_all_is_well",
        "app/test_applying.py::test_there_is_no_button_without_the_owner_s_leave_or_for_a_fork",
    ),
    "Leaving": (
        "app/test_pipeline.py::test_an_app_that_is_removed_forgets",
        "app/test_events.py::test_a_deleted_repository_is_forgotten",
        "app/test_rough_company.py::test_a_transferred_repository_begins_anew_with_its_new_owner",
        "app/test_events.py::test_a_repository_that_becomes_private_loses_the_reports_that_had_links",
    ),
    "Tenants": (
        "app/test_store.py::test_one_tenant_never_sees_what_another_stored",
        "security/test_client.py::test_21_what_one_tenant_s_file_says_is_not_taken_from_another_s",
    ),
    "Report": (
        "app/test_reports.py::test_the_check_run_leads_to_its_report",
        "browser/test_pages.py::test_a_report_is_complete_without_a_script_and_on_paper",
    ),
    "Source on it": (
        "app/test_signin.py::test_somebody_who_can_read_the_repository_sees_its_source",
        "app/test_signin.py::test_the_right_to_read_ends_when_it_ends_at_github",
    ),
    "Sign-in": (
        "app/test_signin.py::test_a_code_works_once_and_only_with_the_verifier",
        "app/test_signin.py::test_a_session_ends_after_an_hour_and_by_signing_out",
    ),
    "Status": (
        "app/test_status_page.py::test_a_stranger_sees_whether_it_is_well_and_no_more",
        "app/test_signin.py::test_the_start_page_lists_the_reviews_that_a_person_may_see",
    ),
    "Rules": (
        "app/test_rule_pages.py::test_every_rule_has_a_page_and_every_link_leads_somewhere",
        "app/test_rule_pages.py::test_a_rule_with_a_fix_shows_the_code_before_and_after",
    ),
    "Setup": (
        "app/test_setup.py::test_from_nothing_to_a_running_app_that_says_all_is_well",
        "browser/test_setting_up.py::test_two_clicks_make_the_app_and_the_page_sees_it_being_installed",
    ),
}
"""What shows each row; nothing where the row refuses something."""


def test_every_row_is_shown_by_tests_that_there_are() -> None:
    rows = re.findall(r"^\| (?!\|)(.+?) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, _ in rows} == SHOWN.keys()
    for name, promise in rows:
        assert SHOWN[name] or promise.startswith("*refused*"), name
    for shown in {test for tests in SHOWN.values() for test in tests}:
        path, _, test = shown.partition("::")
        assert re.search(
            rf"^(?:async )?def {test}\(", (TESTS / path).read_text(encoding="utf-8"), re.MULTILINE
        ), shown


def test_each_of_the_twenty_complaints_has_a_test_named_after_it() -> None:
    text = (TESTS / "app" / "test_complaints.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^async def test_(\d\d)_", text, re.MULTILINE)) == {
        f"{n:02}" for n in range(1, 21)
    }
