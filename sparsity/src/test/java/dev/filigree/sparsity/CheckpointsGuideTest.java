package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cycling;
import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.config.ConfigReader;
import dev.filigree.mask.InitialMask;
import dev.filigree.optim.OptimizerStates;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.testing.Guide;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/checkpoints.md shows is true: a run saved and resumed that way never stopped. */
class CheckpointsGuideTest {
  private static final Guide GUIDE = new Guide("checkpoints.md");

  private static SparseOptimizer wrap(TinyNetwork model) {
    var algorithm =
        GraNet.builder()
            .sparsity(cycling(0.3, 0.5, 0.7, 0.8, 0.9))
            .dropFraction(cycling(0.5, 0.3))
            .update(every(2))
            .build();
    return Sparsity.wrap(model, model.adamW(), algorithm);
  }

  @Test
  void resumedRunIsTheRunThatNeverStopped(@TempDir Path folder) throws IOException {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      String json;
      Map<String, Tensor> end;
      try (var sparse = wrap(model)) {
        model.train(sparse, 0, 5);
        json = save(model, sparse, folder);
        model.train(sparse, 5, 10);
        end = model.snapshot(sparse);
      }
      var resumed = new TinyNetwork();
      try (var sparse = wrap(resumed)) {
        load(resumed, sparse, json, folder);
        sparse.verify();
        resumed.train(sparse, 5, 10);
        assertThat(TinyNetwork.equal(end, resumed.snapshot(sparse))).isTrue();
      }
    }
  }

  private static String save(TinyNetwork model, SparseOptimizer sparse, Path folder)
      throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Tensors.namedParameters(model).forEach((name, weight) -> tensors.put(name, weight.detach()));
    tensors.putAll(OptimizerStates.save(sparse, Tensors.namedParameters(model)));
    sparse.masks().forEach((name, mask) -> tensors.put("mask/" + name, mask));
    SafetensorsWriter.write(folder.resolve("run.safetensors"), sources(tensors), Map.of());
    String json = new ObjectMapper().writeValueAsString(sparse.state());
    return json;
  }

  private static List<TensorSource> sources(Map<String, Tensor> tensors) {
    return tensors.entrySet().stream()
        .map(entry -> TensorSource.of(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static void load(TinyNetwork model, SparseOptimizer sparse, String json, Path folder)
      throws IOException {
    sparse.load(new ObjectMapper().readValue(json, new TypeReference<Map<String, Object>>() {}));
    var masks = new LinkedHashMap<String, Tensor>();
    var states = new LinkedHashMap<String, Tensor>();
    var weights = new LinkedHashMap<String, Tensor>();
    try (var file = SafetensorsFile.open(folder.resolve("run.safetensors"))) {
      for (String name : file.entries().keySet()) {
        if (name.startsWith("mask/")) {
          masks.put(name.substring(5), file.read(name).to(ScalarType.Bool));
        } else {
          (name.contains("/") ? states : weights).put(name, file.read(name));
        }
      }
    }
    sparse.loadMasks(masks);
    try (var _ = new NoGradGuard()) {
      Tensors.namedParameters(model)
          .forEach((name, weight) -> weight.copy_(requireNonNull(weights.get(name))));
    }
    OptimizerStates.load(sparse, Tensors.namedParameters(model), states);
  }

  @Test
  void everyLineOfItsJavaStandsInThisTest() {
    GUIDE.assertLinesStandIn(
        Path.of("src/test/java/dev/filigree/sparsity/CheckpointsGuideTest.java"), block -> true);
  }

  @Test
  void zerosOfAPrunedModelAreItsMask() {
    String yaml = GUIDE.blocks("yaml").getFirst();
    SparsityConfig config = SparsityConfig.read(ConfigReader.parse(yaml, "checkpoints.md"));
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      Sparsity.wrap(
              model,
              model.adamW(),
              Static.builder().sparsity(0.7).initialMask(InitialMask.topK()).build())
          .close();
      try (var sparse = Sparsity.wrap(model, model.adamW(), config, SparsityOptions.defaults())) {
        assertThat(sparse.sparsity()).isEqualTo(0.7);
        model.train(sparse, 0, 3);
        assertThat(sparse.sparsity()).isEqualTo(0.7);
        sparse.verify();
      }
    }
  }
}
