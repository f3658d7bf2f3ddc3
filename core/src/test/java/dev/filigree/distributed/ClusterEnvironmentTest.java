package dev.filigree.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.optim.Replica;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterEnvironmentTest {
  private static final Map<String, String> TORCHRUN =
      Map.of(
          "RANK", "5",
          "LOCAL_RANK", "1",
          "WORLD_SIZE", "8",
          "MASTER_ADDR", "gpu01",
          "MASTER_PORT", "29500");

  private static final Map<String, String> SLURM =
      Map.of(
          "SLURM_JOB_ID", "123456",
          "SLURM_STEP_ID", "0",
          "SLURM_PROCID", "3",
          "SLURM_LOCALID", "1",
          "SLURM_STEP_NUM_TASKS", "4",
          "SLURM_STEP_NODELIST", "gpu[03-04,9],login1");

  private static Map<String, String> with(Map<String, String> variables, String... pairs) {
    var all = new HashMap<>(variables);
    for (int i = 0; i < pairs.length; i += 2) {
      all.put(pairs[i], pairs[i + 1]);
    }
    return all;
  }

  private static Rendezvous found(Map<String, String> variables) {
    return ClusterEnvironment.of(variables).orElseThrow().rendezvous();
  }

  @Test
  void withoutALauncherThereIsNoCluster() {
    assertThat(ClusterEnvironment.of(Map.of("PATH", "/bin", "RANK", " "))).isEmpty();
  }

  @Test
  void torchrunNamesEverything() {
    assertThat(found(TORCHRUN)).isEqualTo(new Rendezvous(new Replica(5, 8, 1), "gpu01", 29500, 0));
    assertThat(found(with(TORCHRUN, "TORCHELASTIC_RESTART_COUNT", "2")).attempt()).isEqualTo(2);
    assertThat(ClusterEnvironment.of(TORCHRUN).orElseThrow().launcher())
        .isEqualTo("torchrun's variables");
  }

  @Test
  void torchrunInsideAJobOfSlurmCounts() {
    var both = new HashMap<>(SLURM);
    both.putAll(TORCHRUN);
    assertThat(found(both).replica().rank()).isEqualTo(5);
  }

  @Test
  void aRankThatMayCountMachinesIsRefused() {
    assertThatThrownBy(() -> ClusterEnvironment.of(with(TORCHRUN, "LOCAL_RANK", "")))
        .isInstanceOf(ReplicaException.class)
        .hasMessageContaining("does it count processes or machines?");
  }

  @Test
  void whatIsMissingOrNoNumberIsNamed() {
    assertThatThrownBy(() -> ClusterEnvironment.of(with(TORCHRUN, "WORLD_SIZE", "")))
        .hasMessageStartingWith("WORLD_SIZE is not set");
    assertThatThrownBy(() -> ClusterEnvironment.of(with(TORCHRUN, "MASTER_PORT", "auto")))
        .hasMessage("MASTER_PORT must be a number, found 'auto'");
    assertThatThrownBy(() -> ClusterEnvironment.of(with(TORCHRUN, "RANK", "8")))
        .hasMessage("RANK: rank must be in [0, size), found rank 8 of 8");
  }

  @Test
  void aPodOfKubeflowIsAWorker() {
    var pod =
        Map.of(
            "PET_NNODES", "4",
            "PET_NPROC_PER_NODE", "1",
            "PET_NODE_RANK", "2",
            "PET_MASTER_ADDR", "llama-node-0-0.llama",
            "PET_MASTER_PORT", "29400");
    assertThat(found(pod))
        .isEqualTo(new Rendezvous(new Replica(2, 4, 0), "llama-node-0-0.llama", 29400, 0));
    assertThatThrownBy(() -> ClusterEnvironment.of(with(pod, "PET_NPROC_PER_NODE", "auto")))
        .hasMessageStartingWith("PET_NPROC_PER_NODE is auto: a pod is one worker here");
  }

  @Test
  void slurmsTasksMeetAtTheFirstMachine() {
    assertThat(found(SLURM))
        .isEqualTo(new Rendezvous(new Replica(3, 4, 1), "gpu03", 15_000 + 123456 % 15_000, 0));
    assertThat(found(with(SLURM, "SLURM_STEP_NODELIST", "a,b")).address()).isEqualTo("a");
    assertThat(found(with(SLURM, "SLURM_STEP_NODELIST", "solo")).address()).isEqualTo("solo");
    assertThat(found(with(SLURM, "MASTER_PORT", "4000", "SLURM_RESTART_COUNT", "1")))
        .isEqualTo(new Rendezvous(new Replica(3, 4, 1), "gpu03", 4000, 1));
  }

  @Test
  void aBatchScriptOrASingleTaskOfSlurmIsNoCluster() {
    assertThat(ClusterEnvironment.of(with(SLURM, "SLURM_STEP_ID", ""))).isEmpty();
    assertThat(ClusterEnvironment.of(with(SLURM, "SLURM_STEP_NUM_TASKS", "1"))).isEmpty();
  }
}
