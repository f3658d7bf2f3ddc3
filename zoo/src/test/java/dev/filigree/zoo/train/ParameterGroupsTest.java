package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParameterGroupsTest {
  private static final String TAGS =
      "params: [{params: \"*.q_proj.weight\", tag: queries},"
          + "{params: [\"*layernorm.weight\", model.norm.weight], tag: norms}]}}";
  private static final String WITHOUT_RATE = "optimizer={AdamW: {weight_decay: 0.1, " + TAGS;
  private static final String TAGGED =
      "optimizer={AdamW: {learning_rate: 0.5, weight_decay: 0.1, " + TAGS;

  @TempDir private Path folder;

  private Session session(String... overrides) throws IOException {
    String[] all = java.util.Arrays.copyOf(overrides, overrides.length + 1);
    all[overrides.length] = "sparsity=none";
    return new Session(new TinyRun(folder).config(all));
  }

  /** Learning rate and weight decay by parameter name, for the step after {@code step}. */
  private static Map<String, double[]> values(Session session, long step) {
    session.schedule(step);
    return session.parameters().entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                entry -> {
                  ParameterGroup group = group(session, entry.getValue());
                  return new double[] {group.learningRate(), group.weightDecay()};
                }));
  }

  private static ParameterGroup group(Session session, Tensor parameter) {
    return session.optimizer().groups().stream()
        .filter(
            group ->
                group.parameters().stream()
                    .anyMatch(each -> Tensors.identity(each) == Tensors.identity(parameter)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void schedulesOfTagsMoveTheirParametersAlone() throws IOException {
    String schedulers =
        "schedulers=[{LinearLR: {initial_learning_rate: 1, end_learning_rate: 0, total_iters: 10,"
            + " param_group_tags: [queries]}},"
            + "{ConstantLR: {learning_rate: 0.25, param_group_tags: norms}},"
            + "{LinearWD: {initial_val: 0, end_val: 1, total_iters: 10, param_group_tags:"
            + " [queries, norms]}}]";
    try (Session session = session(TAGGED, schedulers)) {
      for (long step : new long[] {0, 4}) {
        Map<String, double[]> values = values(session, step);
        assertThat(values.get("model.layers.1.self_attn.q_proj.weight"))
            .containsExactly(new double[] {1 - step / 10.0, step / 10.0}, within(1e-12));
        // Norms never decay.
        assertThat(values.get("model.norm.weight")).containsExactly(0.25, 0);
        assertThat(values.get("model.layers.0.input_layernorm.weight")).containsExactly(0.25, 0);
        // What no schedule concerns keeps the optimizer's own.
        assertThat(values.get("model.layers.0.mlp.up_proj.weight")).containsExactly(0.5, 0.1);
      }
      assertThat(session.schedule(0)).isEqualTo(0.5);
    }
  }

  @Test
  void aScheduleWithoutTagsMovesAllGroups() throws IOException {
    try (Session session = session(WITHOUT_RATE, "schedulers=[{ConstantLR: {learning_rate: 2}}]")) {
      assertThat(values(session, 3).values()).allMatch(value -> value[0] == 2);
    }
  }

  @Test
  void tagsOfNoUseAreErrors() {
    assertThatThrownBy(
            () ->
                session(
                    TAGGED,
                    "schedulers=[{ConstantLR: {learning_rate: 2, param_group_tags: keys}}]"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("a scheduler names the tag 'keys'");
    assertThatThrownBy(
            () -> session("optimizer={AdamW: {params: {params: \"*.queries\", tag: q}}}"))
        .hasMessageContaining("params: [*.queries] match no parameter");
    assertThatThrownBy(
            () ->
                session(
                    TAGGED,
                    "schedulers=[{ConstantLR: {learning_rate: 2, param_group_tags: norms}},"
                        + "{ConstantLR: {learning_rate: 1}}]"))
        .hasMessageContaining("each needs param_group_tags that no other one has");
    assertThatThrownBy(
            () ->
                session(
                    "optimizer={AdamW: {params: [{params: \"*.q_proj.weight\", tag: a},"
                        + "{params: \"*.q_proj.weight\", tag: b}]}}",
                    "schedulers=[{ConstantLR: {learning_rate: 2, param_group_tags: a}},"
                        + "{ConstantLR: {learning_rate: 1, param_group_tags: b}}]"))
        .hasMessageContaining("two schedules of the learning rate concern the parameters tagged");
  }

  @Test
  void tagsSurviveTheResolvedConfiguration() throws IOException {
    try (Session session = session(WITHOUT_RATE)) {
      String yaml = session.config().toYaml();
      assertThat(
              dev.filigree.zoo.config.RunConfig.parse(yaml, "back", java.util.List.of())
                  .optimizer())
          .isEqualTo(session.config().optimizer());
    }
  }
}
