//! The examples of RFC 7541, appendix C, and any bytes.

use proptest::prelude::*;

use super::*;

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn shown(decompressor: &mut Decompressor, block: &str) -> String {
    let fields = decompressor.fields(&bytes(block)).unwrap();
    let line = |field: &Field| {
        let [name, value] = [&field.name, &field.value].map(|text| String::from_utf8_lossy(text));
        format!("{name}: {value}\n")
    };
    fields.iter().map(line).collect()
}

const FIRST: &str = ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n";
const SECOND: &str =
    ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n";
const THIRD: &str = ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n";

#[test]
fn representations_of_c_2() {
    let mut decompressor = Decompressor::default();
    let custom = "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572";
    assert_eq!(shown(&mut decompressor, custom), "custom-key: custom-header\n");
    assert_eq!(shown(&mut decompressor, "be"), "custom-key: custom-header\n", "it is in the table");
    let not_indexed = "040c 2f73 616d 706c 652f 7061 7468";
    assert_eq!(shown(&mut decompressor, not_indexed), ":path: /sample/path\n");
    let never_indexed = "1008 7061 7373 776f 7264 0673 6563 7265 74";
    assert_eq!(shown(&mut decompressor, never_indexed), "password: secret\n");
    assert_eq!(shown(&mut decompressor, "82"), ":method: GET\n");
    assert_eq!(decompressor.fields(&bytes("bf")), Err(Opaque::Compression), "nothing else is in the table");
}

#[test]
fn requests_of_c_3_without_huffman_and_c_4_with_it() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let coded = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    for blocks in [plain, coded] {
        let mut decompressor = Decompressor::default();
        let all = blocks.map(|block| shown(&mut decompressor, block));
        assert_eq!(all, [FIRST, SECOND, THIRD]);
    }
}

#[test]
fn answers_of_c_5_and_c_6_that_evict_from_a_small_table() {
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 \
         474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 \
         666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 \
         3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    let coded = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 \
         63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 \
         b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ];
    for blocks in [plain, coded] {
        let mut decompressor = Decompressor::default();
        assert!(decompressor.table.resize(256));
        let [first, second, third] = blocks.map(|block| shown(&mut decompressor, block));
        let date = "date: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: https://www.example.com\n";
        assert_eq!(first, format!(":status: 302\ncache-control: private\n{date}"));
        assert_eq!(second, format!(":status: 307\ncache-control: private\n{date}"));
        assert_eq!(
            third,
            ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n\
             location: https://www.example.com\ncontent-encoding: gzip\n\
             set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n"
        );
    }
}

#[test]
fn a_small_block_that_stands_for_a_huge_list_is_refused() {
    let mut decompressor = Decompressor::default();
    let mut block = vec![0x40, 1, b'n', 0x7f, 0xa1, 0x1e];
    block.extend_from_slice(&[b'v'; 4000]);
    block.extend_from_slice(&[0xbe; 1000]);
    assert_eq!(decompressor.fields(&block).map(|fields| fields.len()), Err(Opaque::LongHead));
}

#[test]
fn what_breaks_the_rules_is_refused() {
    for block in ["80", "be", "ff", "4001", "40 01 61 82 ff", "3f e2 1f", "00"] {
        assert_eq!(Decompressor::default().fields(&bytes(block)), Err(Opaque::Compression), "{block}");
    }
}

proptest! {
    #[test]
    fn any_blocks_give_no_panic(blocks: Vec<Vec<u8>>) {
        let mut decompressor = Decompressor::default();
        decompressor.permit(1 << 30);
        for block in &blocks {
            let _ = decompressor.fields(block).is_ok();
        }
    }
}
