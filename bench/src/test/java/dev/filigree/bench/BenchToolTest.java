package dev.filigree.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.cuda.CudaDevice;
import dev.filigree.torch.Processor;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchToolTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    ToolProvider tool = ToolProvider.findFirst("filigree-bench").orElseThrow();
    return tool.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  @Test
  void scaleGivesARowForEachNumberOfWorkers() throws Exception {
    int code =
        run(
            "scale",
            "--json",
            "workers=1,2",
            "width=64",
            "layers=1",
            "vocabulary=64",
            "batch=2",
            "sequence=16",
            "wire=bfloat16",
            "rounds=1",
            "bandwidth=10");

    assertThat(code).isZero();
    JsonNode rows = new ObjectMapper().readTree(out.toString());
    assertThat(rows).hasSize(2);
    JsonNode alone = rows.get(0);
    assertThat(alone.path("wire").asText()).isEqualTo("float32");
    JsonNode together = rows.get(1);
    assertThat(together.path("wire").asText()).isEqualTo("bfloat16");
    double seconds = alone.path("seconds").asDouble();
    assertThat(together.path("predicted_seconds").asDouble())
        .isBetween(seconds + 0.008, seconds + 0.009);
    assertThat(together.path("efficiency").asDouble())
        .isCloseTo(seconds / together.path("seconds").asDouble(), within(1e-9));
    for (JsonNode row : rows) {
      assertThat(row.path("obstacle").isNull()).as(row.toString()).isTrue();
      assertThat(row.path("tokens").asLong()).isEqualTo(32 * row.path("workers").asLong());
      assertThat(row.path("efficiency").isNumber()).isEqualTo(row.path("workers").asInt() == 2);
      long kept = row.path("kept_bytes").asLong();
      assertThat(row.path("bytes_per_step").asLong()).isBetween(kept, kept + 64);
      assertThat(kept).isLessThan(row.path("dense_bytes").asLong() / 2);
      assertThat(row.path("waiting_share").asDouble()).isBetween(0.0, 1.0);
    }
  }

  @Test
  void scaleTakesListsAndMeasuresOneWorkerOnceForAllWaysOfSending() {
    ScaleSettings settings =
        ScaleSettings.parse(
            List.of(
                "execution=dense,compressed",
                "sparsity=0.8,0.9",
                "overlap=true,false",
                "shard_optimizer_state=false,true",
                "bandwidth=450"));
    assertThat(settings.bandwidth()).isEqualTo(450e9);
    // Dense without a sparsity, compressed with two; each with and without overlap, shared and not.
    assertThat(settings.cases()).hasSize(3 * 4).doesNotHaveDuplicates();
    assertThat(settings.cases().stream().map(ScaleCase::alone).distinct()).hasSize(3);
    ScaleCase last = settings.cases().getLast();
    assertThat(ScaleCase.of(Settings.parse(last.arguments(), ScaleCase.KEYS))).isEqualTo(last);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "execution=dense,sparse | execution must be dense, masked or compressed, found sparse",
        "sparsity=0.8,1 | sparsity must be in [0, 1), found 1.0",
        "overlap=yes | overlap must be true or false, found yes",
        "wire=float64 | wire must be float32 or bfloat16, found float64",
        "workers=0 | workers must be at least 1, found [0]",
        "bandwidth=-1 | bandwidth must be above 0 GB/s, found -1.0",
        "batch=x | not a number",
      })
  void aBadSettingForScaleIsOneLineAndWrongUse(String setting, String message) {
    assertThat(run("scale", setting)).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: ").contains(message).hasLineCount(1);
  }

  @Test
  void stepGivesARowForEveryExecutionAndSparsity() throws Exception {
    int code =
        run(
            "step",
            "--json",
            "widths=64",
            "layers=1",
            "vocabulary=64",
            "tokens=32",
            "sequence=16",
            "sparsities=0.5,0.9",
            "rounds=1",
            "memory=false");

    assertThat(code).isZero();
    boolean bfloat16 = Processor.current().multipliesBfloat16();
    JsonNode rows = new ObjectMapper().readTree(out.toString());
    var cases = new ArrayList<String>();
    for (JsonNode row : rows) {
      String precision = row.path("precision").asText();
      cases.add(
          row.path("execution").asText()
              + (precision.equals("float32") ? " " : " " + precision + " ")
              + row.path("sparsity").asDouble());
      assertThat(row.path("speedup_over_bfloat16").isNumber()).isEqualTo(bfloat16);
      assertThat(row.path("model").asText()).isEqualTo("llama-d64-l1");
      assertThat(row.path("tokens").asLong()).isEqualTo(32);
      assertThat(row.path("seconds").asDouble()).isPositive();
      for (String part : List.of("linear", "attention", "head", "optimizer", "other")) {
        assertThat(row.path(part + "_seconds").asDouble()).as(part).isPositive();
      }
      boolean sparse = !row.path("execution").asText().equals("dense");
      assertThat(row.path("mask_update_seconds").isNumber()).isEqualTo(sparse);
    }
    var expected = new ArrayList<>(List.of("dense 0.0"));
    if (bfloat16) {
      expected.add("dense bfloat16 0.0");
    }
    expected.addAll(List.of("masked 0.5", "masked 0.9", "compressed 0.5", "compressed 0.9"));
    assertThat(cases).isEqualTo(expected);
  }

  @Test
  void kernelsGivesARowForEveryProductShapeAndSparsity() throws Exception {
    int code = run("kernels", "--json", "shapes=33x64x48", "sparsities=0.5,0.9", "rounds=1");

    assertThat(code).isZero();
    var cases = new ArrayList<String>();
    for (JsonNode row : new ObjectMapper().readTree(out.toString())) {
      cases.add(row.path("kernel").asText() + " " + row.path("sparsity").asDouble());
      assertThat(row.path("tokens").asInt()).isEqualTo(33);
      assertThat(row.path("in").asInt()).isEqualTo(64);
      assertThat(row.path("out").asInt()).isEqualTo(48);
      assertThat(row.path("dense_engine").asText()).isIn("OpenBLAS", "oneDNN");
      double milliseconds = row.path("milliseconds").asDouble();
      assertThat(row.path("speedup").asDouble())
          .isCloseTo(row.path("dense_milliseconds").asDouble() / milliseconds, within(1e-9));
      assertThat(row.path("gflops").asDouble()).isPositive();
      assertThat(row.path("peak_fraction").asDouble()).isBetween(0.0, 1.0);
    }
    assertThat(cases)
        .containsExactly(
            "forward 0.5",
            "input_gradient 0.5",
            "weight_gradient 0.5",
            "forward 0.9",
            "input_gradient 0.9",
            "weight_gradient 0.9");
  }

  @Test
  void aBadShapeIsOneLineAndWrongUse() {
    assertThat(run("kernels", "shapes=3x4")).isEqualTo(2);
    assertThat(err.toString()).isEqualTo("error: a shape is TOKENSxINxOUT, found '3x4'\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "width=64 | 'width=64' is not key=value with a key of",
        "widths=65 | model width must be a multiple of 64, found 65",
        "sparsities=1.5 | sparsity must be from 0 to 1, found 1.5",
        "rounds=x | not a number",
        "sequence=3 | sequence must divide tokens, found 3 and 1024"
      })
  void aBadSettingIsOneLineAndWrongUse(String setting, String message) {
    assertThat(run("step", setting)).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: ").contains(message).hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "models=gpt | models must be of llama-110m, llama-1.3b, llama-7b, llama-13b; found gpt",
        "executions=sparse | executions must be dense, masked or compressed, found sparse",
        "sparsities=1 | sparsity must be in [0, 1), found 1.0",
        "batch=0 | batch, sequence and rounds must be at least 1",
        "batch=x | not a number",
      })
  void aBadSettingForAGpuIsOneLineAndWrongUse(String setting, String message) {
    assertThat(run("step", "device=cuda", setting)).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: ").contains(message).hasLineCount(1);
  }

  @Test
  void stepsOnAGpuNeedOne() {
    assumeThat(CudaDevice.obstacle()).isPresent();
    assertThat(run("step", "device=cuda")).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: device=cuda: ").hasLineCount(1);
  }

  @Test
  void theLargerModelsAreLlama2s() {
    assertThat(GpuModel.LLAMA_7B.config(2048).parameterCount()).isEqualTo(6_738_415_616L);
    // 6 operations a weight and token; attention adds 4 % at this size.
    assertThat(GpuModel.LLAMA_7B.operationsPerToken(2048) / 6.607e9).isBetween(6.2, 6.3);
  }

  @Test
  void anUnknownBenchmarkIsWrongUse() {
    assertThat(run("nothing")).isEqualTo(2);
    assertThat(err.toString()).contains("unknown benchmark 'nothing'");
  }
}
